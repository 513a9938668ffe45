//! `POST /commands/mark-document-as-voided`: takes a document out of the total.

use messages::reports::{DocumentMarking, Event};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, Refusal as _};

use super::{answer, record};
use crate::{
    domain::{Marking, Outcome, mark},
    store,
};

/// Marks a document as voided by a process and takes it out of its report's total, unless the report is published.
///
/// A document that is not known yet is remembered as voided. A process marks a document once: after it was refused, or
/// has unmarked the document, its command is refused however often it comes.
#[utoipa::path(
    post,
    path = "/commands/mark-document-as-voided",
    tag = "commands",
    request_body = DocumentMarking,
    params(CommandHeaders),
    responses(
        (status = 200, description = "Marked by this process", body = DocumentMarking),
        (status = 409, description = "report-published, marked-by-another-process, process-closed"),
        CommandProblems,
    )
)]
pub(super) async fn mark_document_as_voided(
    command: Command<DocumentMarking>,
) -> Result<Answer<DocumentMarking>, ApiError> {
    command.correlate(command.body.process_id.as_str());
    let run = command.run_by_state("mark-document-as-voided", async |tx, body| {
        let document = store::lock(tx, body.document_id.clone()).await?;
        let process = body.process_id.clone();
        let before = document.outcome(tx, &process).await?;
        // An existing mark is never refused, even if the request names another customer: the process must learn that
        // the document is marked.
        if before != Some(Outcome::Marked)
            && let Some(answer) = tx.earlier()?
        {
            return Ok(Done::Repeated(answer));
        }
        let answer = answer(&document, body);
        match mark(document.standing, document.marked_by.as_ref(), &process, before) {
            Marking::RefuseAgain(refusal) => return Err(refusal.into()),
            Marking::Refuse(outcome, refusal) => {
                document.remember(tx, &process, outcome).await?;
                record(tx, &answer, Some(refusal.code()), Event::MarkingDocumentAsVoidedFailed)?;
                tracing::info!(document_id = %document.id, code = refusal.code(), "marking refused");
                return Ok(Done::Refused(refusal.into()));
            }
            Marking::Nothing => (),
            Marking::Mark => {
                document.remember(tx, &process, Outcome::Marked).await?;
                document.set_mark(tx, Some(&process)).await?;
                record(tx, &answer, None, Event::MarkingDocumentAsVoidedSucceeded)?;
                tracing::info!(document_id = %document.id, "marked as voided");
            }
        }
        Ok(Done::ok(answer))
    });
    run.await
}
