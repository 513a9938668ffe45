//! Sends one command: first as a local activity, and only when that faults as a durable one.
//!
//! The good path so costs one workflow task; the bad path keeps durable retries that the Web UI shows. The idempotency
//! key makes the repeated attempt harmless.

use std::time::Duration;

use chrono::{DateTime, Utc};
use temporalio_common::{
    error::{ActivityExecutionError, IncomingError},
    protos::temporal::api::failure::v1::{Failure, failure::FailureInfo},
};
use temporalio_workflow::{
    ActivityOptions, CancellableFuture as _, LocalActivityOptions, RetryPolicy, WorkflowContext, WorkflowTermination,
    select,
};

use super::{
    activity::{CommandToDispatch, Dispatchers, failure_type},
    publish::publish,
    run::{is_too_long, now},
    workflow::ProcessInstance,
};
use crate::{
    instance::{Dispatch, command_name},
    manager::{Error, ProcessManager, Refusal, Retry, event::tagged},
};

/// One local attempt: long enough for a healthy service, short enough to keep the workflow task below its timeout.
const LOCAL_ATTEMPT: Duration = Duration::from_secs(2);
/// One attempt of a durable activity, unless the command sets its own.
const ATTEMPT: Duration = Duration::from_secs(10);
/// A command that has not got through for this long shows as an incident.
const OVERDUE_AFTER: Duration = Duration::from_secs(10);

/// What came of a command.
pub(super) enum Sent<E: std::error::Error + 'static> {
    Answered(Result<(), Error<E>>),
    /// The deadline passed before.
    TimedOut,
    /// The history has become too long to wait here; the next run sends the command again, with the same key.
    TooLong,
}

type Ctx<M> = WorkflowContext<ProcessInstance<M>>;

/// Sends a command as often as its policy says.
pub(super) async fn send<M: ProcessManager>(
    ctx: &Ctx<M>,
    dispatch: Dispatch<M::Command>,
) -> Result<Sent<M::Error>, WorkflowTermination> {
    let retry = dispatch.outgoing.settings.retry.unwrap_or(Retry::FOREVER);
    let attempt = dispatch.outgoing.settings.timeout.unwrap_or(ATTEMPT);
    let left = |ctx: &Ctx<M>| dispatch.deadline.map(|deadline| until(deadline, now(ctx)));
    let Some(input) = input::<M>(&dispatch) else {
        let why = "the command is no enum tagged with `type` and `data`".to_owned();
        return Ok(Sent::Answered(Err(Error::Dispatch(why))));
    };
    let summary = format!("{} {}", input.name, ctx.state_mut(|run| run.machine().id().to_owned()));
    let first = if retry.attempts == Some(1) { attempt } else { attempt.min(LOCAL_ATTEMPT) };
    let first = left(ctx).map_or(first, |left| left.min(first)).max(Duration::from_millis(1));
    ctx.state_mut(|run| run.markers.1 += 1);
    let tried = ctx.execute_local_activity(Dispatchers::dispatch, input.clone(), local(first, summary.clone())).await;
    let fault = match decide(ctx, tried)? {
        Decided::Answered(Ok(())) => return Ok(Sent::Answered(Ok(()))),
        Decided::Answered(error) => {
            recorded(ctx).await;
            return Ok(Sent::Answered(error));
        }
        Decided::Fault(fault) => fault,
    };
    if left(ctx).is_some_and(|left| left.is_zero()) {
        recorded(ctx).await;
        return Ok(Sent::TimedOut);
    }
    if retry.attempts == Some(1) {
        recorded(ctx).await;
        return Ok(Sent::Answered(Err(Error::Dispatch(fault))));
    }
    publish(ctx);
    let options = durable(attempt, retry, summary);
    wait(ctx, input, options, retry, left(ctx), fault).await
}

/// Ends the workflow task, so that the outcome of the local attempt stands in the history.
///
/// Until then a worker that dies sends the command again. One that was accepted is accepted again, by its key; but one
/// that was refused may be answered otherwise, and what has been done about the refusal may even be why. What was
/// published before a person had it tried again is not so any more.
async fn recorded<M: ProcessManager>(ctx: &Ctx<M>) {
    publish(ctx);
    ctx.timer(Duration::from_millis(1)).await;
}

/// Waits for the durable activity, the deadline, and a history that has become too long.
async fn wait<M: ProcessManager>(
    ctx: &Ctx<M>,
    input: CommandToDispatch,
    options: ActivityOptions,
    retry: Retry,
    left: Option<Duration>,
    mut fault: String,
) -> Result<Sent<M::Error>, WorkflowTermination> {
    let durable = || ctx.execute_activity(Dispatchers::dispatch, input.clone(), options.clone());
    let mut attempts = durable();
    let mut patience = ctx.timer(left.map_or(OVERDUE_AFTER, |left| left.min(OVERDUE_AFTER)));
    let mut waited = left.map_or(OVERDUE_AFTER, |left| left.min(OVERDUE_AFTER));
    loop {
        select! {
            answered = attempts => match decide(ctx, answered)? {
                Decided::Answered(answer) => {
                    patience.cancel();
                    return Ok(Sent::Answered(answer));
                }
                Decided::Fault(why) if retry.attempts.is_some() => {
                    patience.cancel();
                    return Ok(Sent::Answered(Err(Error::Dispatch(why))));
                }
                // The policy has no end: a worker of another version, or an operator who failed the activity.
                Decided::Fault(why) => {
                    ctx.timer(retry.longest_pause).await;
                    fault = why;
                    attempts = durable();
                }
            },
            _ = patience => {
                if left.is_some_and(|left| waited >= left) {
                    attempts.cancel();
                    return Ok(Sent::TimedOut);
                }
                show_overdue(ctx, &fault);
                if let Some(left) = left {
                    patience = ctx.timer(left.saturating_sub(waited));
                    waited = left;
                }
            }
            woken = ctx.wait_condition(|run| run.awake) => {
                woken?;
                ctx.state_mut(|run| run.awake = false);
                if is_too_long(ctx) {
                    attempts.cancel();
                    patience.cancel();
                    return Ok(Sent::TooLong);
                }
            }
        }
    }
}

fn input<M: ProcessManager>(dispatch: &Dispatch<M::Command>) -> Option<CommandToDispatch> {
    tagged(&dispatch.outgoing.command)?;
    Some(CommandToDispatch {
        manager: M::NAME.to_owned(),
        name: command_name(&dispatch.outgoing.command),
        command: serde_json::to_value(&dispatch.outgoing.command).ok()?,
        idempotency_key: dispatch.idempotency_key.clone(),
        correlation_id: dispatch.correlation_id.clone(),
        causation_id: dispatch.causation_id.clone(),
        metadata: dispatch.outgoing.settings.metadata.clone(),
    })
}

fn until(deadline: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (deadline - now).to_std().unwrap_or_default()
}

fn local(limit: Duration, summary: String) -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .schedule_to_close_timeout(limit)
        .start_to_close_timeout(limit)
        .summary(summary)
        .build()
}

fn durable(attempt: Duration, retry: Retry, summary: String) -> ActivityOptions {
    let policy = RetryPolicy::builder()
        .initial_interval(retry.first_pause)
        .backoff_coefficient(2.0)
        .maximum_interval(retry.longest_pause)
        // The local attempt was the first; 0 is without end.
        .maximum_attempts(retry.attempts.map_or(0, |attempts| attempts.saturating_sub(1).max(1)))
        .build();
    ActivityOptions::with_start_to_close_timeout(attempt).retry_policy(policy).summary(summary).build()
}

enum Decided<E: std::error::Error + 'static> {
    Answered(Result<(), Error<E>>),
    Fault(String),
}

/// A cancelled activity of a run that is not cancelled is a fault: its worker has been told to end.
fn decide<M: ProcessManager>(
    ctx: &Ctx<M>,
    result: Result<(), ActivityExecutionError>,
) -> Result<Decided<M::Error>, WorkflowTermination> {
    let Err(error) = result else { return Ok(Decided::Answered(Ok(()))) };
    if ctx.cancellation_token().is_cancelled() {
        return Err(WorkflowTermination::cancelled());
    }
    // The failure of a durable activity wraps the one that the activity returned; that of a local one is the latter.
    let failure = error.cause().map(IncomingError::failure).or_else(|| error.failure());
    Ok(match failure.and_then(final_error) {
        Some(error) => Decided::Answered(Err(error)),
        None => Decided::Fault(failure.map_or_else(|| error.to_string(), |failure| failure.message.clone())),
    })
}

fn final_error<E: std::error::Error + 'static>(failure: &Failure) -> Option<Error<E>> {
    let Some(FailureInfo::ApplicationFailureInfo(info)) = &failure.failure_info else { return None };
    match info.r#type.as_str() {
        failure_type::IMPOSSIBLE => Some(Error::Dispatch(failure.message.clone())),
        failure_type::REFUSED => {
            let refusal = serde_json::from_slice(&info.details.as_ref()?.payloads.first()?.data).ok();
            let unknown = || Refusal { code: "refused".to_owned(), detail: failure.message.clone() };
            Some(Error::Refused(refusal.unwrap_or_else(unknown)))
        }
        _ => None,
    }
}

fn show_overdue<M: ProcessManager>(ctx: &Ctx<M>, fault: &str) {
    let detail = format!(
        "has not got through for {} s and is tried on; the first attempt said: {fault}",
        OVERDUE_AFTER.as_secs()
    );
    let at = now(ctx);
    ctx.state_mut(|run| run.machine().is_overdue(detail, at));
    publish(ctx);
}
