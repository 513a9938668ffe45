//! Sends the commands of a voiding, and hands their answers to the state machine.

use messages::{
    billing::{self, DocumentVoidingCommand},
    reports::DocumentMarking,
};
use process_manager::manager::Refusal;
use process_manager_engine::{
    now,
    send::{Policy, Sent, send},
};
use temporalio_common::{ActivityDefinition, data_converters::TemporalDeserializable};
use temporalio_workflow::{WorkflowContext, WorkflowTermination};

use super::{
    activity_defs::{BillingCommands, ReportsCommands, RequestVoiding},
    state::{Command, Opened},
    workflow::DocumentVoiding,
};

type Ctx = WorkflowContext<DocumentVoiding>;

/// Outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dispatched {
    /// The command was answered.
    Answered,
    /// The history has become too long to wait here; the next run sends the command again, with the same key.
    TooLong,
}

/// Sends a command until it is answered, or the run has to continue as new.
pub(super) async fn dispatch(ctx: &Ctx, command: Command) -> Result<Dispatched, WorkflowTermination> {
    let document_id = ctx.state(|run| run.voiding().document_id().clone());
    let summary = format!("{} {document_id}", command.name());
    let billing =
        |Opened { process_id, .. }: Opened| DocumentVoidingCommand { document_id: document_id.clone(), process_id };
    let reports = |Opened { process_id, customer_id }: Opened| DocumentMarking {
        document_id: document_id.clone(),
        customer_id,
        process_id,
    };
    let answer = match command.clone() {
        Command::VoidDocument => return void_document(ctx, billing::VoidDocument { document_id }, summary).await,
        Command::MarkDocumentAsVoided(to) => {
            let marked = until_answered(ctx, || ReportsCommands::mark_document_as_voided, reports(to), summary).await?;
            let Some(answer) = marked else { return Ok(Dispatched::TooLong) };
            DocumentVoiding::transition(ctx, |voiding| voiding.marked(answer, now(ctx)))?;
            return Ok(Dispatched::Answered);
        }
        Command::CompleteDocumentVoiding(to) => {
            until_answered(ctx, || BillingCommands::complete_document_voiding, billing(to), summary).await?
        }
        Command::AbortDocumentVoiding(to) => {
            until_answered(ctx, || BillingCommands::abort_document_voiding, billing(to), summary).await?
        }
        Command::UnmarkDocumentAsVoided(to) => {
            until_answered(ctx, || ReportsCommands::unmark_document_as_voided, reports(to), summary).await?
        }
        Command::CloseDocumentVoiding(to) => {
            until_answered(ctx, || BillingCommands::close_document_voiding, billing(to), summary).await?
        }
    };
    let Some(answer) = answer else { return Ok(Dispatched::TooLong) };
    DocumentVoiding::transition(ctx, |voiding| voiding.answered(&command, answer, now(ctx)))?;
    Ok(Dispatched::Answered)
}

async fn void_document(
    ctx: &Ctx,
    command: billing::VoidDocument,
    summary: String,
) -> Result<Dispatched, WorkflowTermination> {
    let known = ctx.state(|run| run.void_document_key.clone());
    let idempotency_key = known.unwrap_or_else(|| ctx.uuid4());
    ctx.state_mut(|run| run.void_document_key = Some(idempotency_key.clone()));
    let input = RequestVoiding { command, idempotency_key };
    let answer = until_answered(ctx, || BillingCommands::void_document, input, summary).await?;
    let Some(answer) = answer else { return Ok(Dispatched::TooLong) };
    ctx.state_mut(|run| run.void_document_key = None);
    let answer = answer.map(|opened| Opened { process_id: opened.process_id, customer_id: opened.customer_id });
    DocumentVoiding::transition(ctx, |voiding| voiding.requested(answer))?;
    Ok(Dispatched::Answered)
}

/// Sends a command until the receiver has accepted or refused it; `None` if the history has become too long before.
async fn until_answered<D>(
    ctx: &Ctx,
    activity: impl Fn() -> D,
    input: D::Input,
    summary: String,
) -> Result<Option<Result<D::Output, Refusal>>, WorkflowTermination>
where
    D: ActivityDefinition,
    D::Input: Clone,
    D::Output: TemporalDeserializable,
{
    let policy = Policy::forever(summary);
    loop {
        match send(ctx, &activity, input.clone(), &policy).await? {
            Sent::Accepted(answer) => return Ok(Some(Ok(answer))),
            Sent::Refused(refusal) => return Ok(Some(Err(refusal))),
            Sent::TooLong => return Ok(None),
            Sent::Failed(_) | Sent::TimedOut => {
                ctx.timer(policy.retry.longest_pause).await;
            }
        }
    }
}
