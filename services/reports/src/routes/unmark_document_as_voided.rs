//! `POST /commands/unmark-document-as-voided`: takes a mark back.

use messages::reports::{DocumentMarking, Event};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done};

use super::{answer, record};
use crate::{
    domain::{Outcome, Unmarking, unmark},
    store,
};

/// Takes back the mark that a process has set; never refused, and without effect when another process marked the document.
///
/// A document that was left out of a published report counts in the customer's next one: what was published stays.
/// A mark of this process that arrives later is refused.
#[utoipa::path(
    post,
    path = "/commands/unmark-document-as-voided",
    tag = "commands",
    request_body = DocumentMarking,
    params(CommandHeaders),
    responses(
        (status = 200, description = "This process has no mark on the document", body = DocumentMarking),
        CommandProblems,
    )
)]
pub(super) async fn unmark_document_as_voided(
    command: Command<DocumentMarking>,
) -> Result<Answer<DocumentMarking>, ApiError> {
    command.correlate(command.body.process_id.as_str());
    let run = command.run("unmark-document-as-voided", async |tx, body| {
        let document = store::lock(tx, body.document_id.clone()).await?;
        let process = body.process_id.clone();
        let effect = unmark(document.standing, document.outcome(tx, &process).await?);
        let answer = answer(&document, body);
        if effect != Unmarking::Nothing {
            document.remember(tx, &process, Outcome::Unmarked).await?;
        }
        if matches!(effect, Unmarking::CountAgain | Unmarking::CountInNext | Unmarking::Forget) {
            document.set_mark(tx, None).await?;
            if let (Unmarking::CountInNext, Some(known)) = (effect, &document.known) {
                document.enter(tx, known, false).await?;
            }
            record(tx, &answer, None, Event::DocumentUnmarkedAsVoided)?;
            tracing::info!(document_id = %document.id, "unmarked as voided");
        }
        Ok(Done::ok(answer))
    });
    run.await
}
