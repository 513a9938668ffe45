//! Sends the commands of a voiding.

use messages::{
    CustomerId, DocumentId,
    billing::{self, DocumentVoidingCommand},
    reports::DocumentMarking,
};
use process_manager_engine::{
    send::{Policy, Sender, Sent, send},
    timer::timer,
};
use temporalio_common::{ActivityDefinition, data_converters::TemporalDeserializable};
use temporalio_workflow::{WorkflowContext, WorkflowTermination};

use super::{
    activity_defs::{self, BillingCommands, ReportsCommands, RequestVoiding},
    state::{Answer, Command, Opened},
};

/// The answer to a command.
#[derive(Debug)]
pub(super) enum Answered {
    /// To VoidDocument.
    Requested(Answer<Opened>),
    /// To MarkDocumentAsVoided.
    Marked(Answer<CustomerId>),
    /// To any other command.
    Other(Answer<()>),
}

/// Sends a command until it is answered. Returns `None` if the history becomes too long first; the next run then sends
/// the command again, with the same key.
pub(super) async fn dispatch<W: Sender>(
    ctx: &WorkflowContext<W>,
    document_id: DocumentId,
    command: Command,
    void_document_key: impl FnOnce() -> String,
) -> Result<Option<Answered>, WorkflowTermination> {
    let summary = format!("{} {document_id}", command.name());
    let billing =
        |Opened { process_id, .. }: Opened| DocumentVoidingCommand { document_id: document_id.clone(), process_id };
    let reports = |Opened { process_id, customer_id }: Opened| DocumentMarking {
        document_id: document_id.clone(),
        customer_id,
        process_id,
    };
    let answer = match command {
        Command::VoidDocument => {
            let command = billing::VoidDocument { document_id };
            let input = RequestVoiding { command, idempotency_key: void_document_key() };
            let answer = until_answered(ctx, || BillingCommands::void_document, input, summary).await?;
            let opened = |it: activity_defs::Opened| Opened { process_id: it.process_id, customer_id: it.customer_id };
            return Ok(answer.map(|answer| Answered::Requested(answer.map(opened))));
        }
        Command::MarkDocumentAsVoided(to) => {
            let answer = until_answered(ctx, || ReportsCommands::mark_document_as_voided, reports(to), summary).await?;
            return Ok(answer.map(Answered::Marked));
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
    Ok(answer.map(Answered::Other))
}

/// Sends a command until the receiver accepts or refuses it. Returns `None` if the history becomes too long first.
async fn until_answered<W, D>(
    ctx: &WorkflowContext<W>,
    activity: impl Fn() -> D,
    input: D::Input,
    summary: String,
) -> Result<Option<Answer<D::Output>>, WorkflowTermination>
where
    W: Sender,
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
                timer(ctx, policy.retry.longest_pause).await;
            }
        }
    }
}
