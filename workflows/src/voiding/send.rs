//! Sends one command: first as a local activity, and only when that faults as a durable one.
//!
//! The good path so costs one workflow task; the bad path keeps durable retries that the Web UI shows. The idempotency
//! key makes the repeated attempt harmless.

use temporalio_common::error::{ActivityExecutionError, IncomingError};
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
    let fault = match decide(ctx, first)? {
        Decided::Answered(answer) => return Ok(answer),
        Decided::Fault(fault) => fault,
    };
    publish(ctx);
    let durable = || ctx.execute_activity(activity(), input.clone(), policy::durable(summary.clone()));
    let mut attempts = durable();
    let mut patience = ctx.timer(policy::OVERDUE_AFTER);
    let mut is_overdue = false;
    loop {
        select! {
            answered = attempts => match decide(ctx, answered)? {
                Decided::Answered(answer) => {
                    if !is_overdue {
                        patience.cancel();
                    }
                    return Ok(answer);
                }
                // The retry policy has no end: a worker of another version, or an operator who failed the activity.
                Decided::Fault(_) => {
                    ctx.timer(policy::LONGEST_RETRY).await;
                    attempts = durable();
                }
            },
            _ = patience => {
                is_overdue = true;
                show_overdue(ctx, command, &fault)?;
            }
        }
    }
}

enum Decided<T> {
    Answered(Answer<T>),
    Fault(String),
}

/// A cancelled activity of a run that is not cancelled is a fault: its worker has been told to end.
fn decide<T>(
    ctx: &WorkflowContext<DocumentVoiding>,
    result: Result<T, ActivityExecutionError>,
) -> Result<Decided<T>, WorkflowTermination> {
    let error = match result {
        Ok(output) => return Ok(Decided::Answered(Ok(output))),
        Err(error) => error,
    };
    if ctx.cancellation_token().is_cancelled() {
        return Err(WorkflowTermination::cancelled());
    }
    Ok(match refusal(&error) {
        Some(refusal) => Decided::Answered(Err(refusal)),
        None => {
            let failure = error.cause().map(IncomingError::failure).or_else(|| error.failure());
            Decided::Fault(failure.map_or_else(|| error.to_string(), |failure| failure.message.clone()))
        }
    })
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
