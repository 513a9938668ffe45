//! Sends one command: first as a local activity, and only when that faults as a durable one.
//!
//! The good path so costs one workflow task; the bad path keeps durable retries that the Web UI shows. The idempotency
//! key makes the repeated attempt harmless.

use temporalio_common::error::ActivityExecutionError;
use temporalio_common::{ActivityDefinition, data_converters::TemporalDeserializable};
use temporalio_workflow::{CancellableFuture as _, WorkflowContext, WorkflowTermination, select};

use super::{
    answer::{Answer, refusal},
    policy,
    publish::publish,
    state::{Command, Voiding},
    workflow::{DocumentVoiding, now},
};

/// Sends `command` until it has been answered.
///
/// # Errors
/// Only when the run was cancelled meanwhile.
pub(super) async fn send<D>(
    ctx: &WorkflowContext<DocumentVoiding>,
    command: &Command,
    activity: impl Fn() -> D,
    input: D::Input,
) -> Result<Answer<D::Output>, WorkflowTermination>
where
    D: ActivityDefinition,
    D::Input: Clone,
    D::Output: TemporalDeserializable,
{
    let summary = ctx.state(|run| format!("{} {}", command.name(), run.voiding().document_id()));
    let first = ctx.execute_local_activity(activity(), input.clone(), policy::local(summary.clone())).await;
    let fault = match decide(first)? {
        Decided::Answered(answer) => return Ok(answer),
        Decided::Fault(fault) => fault,
    };
    publish(ctx);
    let mut attempts = ctx.execute_activity(activity(), input, policy::durable(summary));
    let mut patience = ctx.timer(policy::OVERDUE_AFTER);
    let answered = select! {
        answered = attempts => {
            patience.cancel();
            answered
        }
        _ = patience => {
            show_overdue(ctx, command, &fault)?;
            attempts.await
        }
    };
    match decide(answered)? {
        Decided::Answered(answer) => Ok(answer),
        // The retry policy has no end, so this is a worker of another version, or an operator who failed the activity.
        Decided::Fault(fault) => {
            Err(WorkflowTermination::failed_application(temporalio_common::error::ApplicationFailure::new(fault)))
        }
    }
}

enum Decided<T> {
    Answered(Answer<T>),
    Fault(String),
}

fn decide<T>(result: Result<T, ActivityExecutionError>) -> Result<Decided<T>, WorkflowTermination> {
    match result {
        Ok(output) => Ok(Decided::Answered(Ok(output))),
        Err(ActivityExecutionError::Cancelled(_)) => Err(WorkflowTermination::cancelled()),
        Err(error) => Ok(match refusal(&error) {
            Some(refusal) => Decided::Answered(Err(refusal)),
            None => {
                Decided::Fault(error.cause().map_or_else(|| error.to_string(), |cause| cause.failure().message.clone()))
            }
        }),
    }
}

fn show_overdue(
    ctx: &WorkflowContext<DocumentVoiding>,
    command: &Command,
    fault: &str,
) -> Result<(), WorkflowTermination> {
    let detail = format!(
        "has not got through for {} s and is tried on; the first attempt said: {fault}",
        policy::OVERDUE_AFTER.as_secs()
    );
    let at = now(ctx);
    DocumentVoiding::transition(ctx, |voiding: Voiding| voiding.delayed(command, detail, at))?;
    publish(ctx);
    Ok(())
}
