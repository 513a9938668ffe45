//! `POST /commands/void-document`: opens a process that voids the document.

use messages::{
    ProcessId,
    billing::{Document, DocumentVoiding, VoidDocument},
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, new_id, now};

use super::voiding::record;
use crate::{
    domain::{ProcessState, Refusal, decide_void},
    store,
};

/// Opens a process that voids the document, or answers the one that is open.
///
/// Repeated with its idempotency key it answers the same process, also when that has been closed since.
#[utoipa::path(
    post,
    path = "/commands/void-document",
    tag = "commands",
    request_body = VoidDocument,
    params(CommandHeaders),
    responses(
        (status = 202, description = "The process that voids the document", body = DocumentVoiding),
        (status = 404, description = "document-not-found"),
        (status = 409, description = "document-already-voided"),
        CommandProblems,
    )
)]
pub(super) async fn void_document(command: Command<VoidDocument>) -> Result<Answer<DocumentVoiding>, ApiError> {
    let answer = command.run_by_state("void-document", async |tx, body| {
        if let Some(answer) = tx.earlier::<DocumentVoiding>()? {
            tx.correlate(answer.body.process_id.as_str());
            return Ok(Done::Repeated(answer));
        }
        let document = store::lock(tx, &body.document_id).await?.ok_or(Refusal::DocumentNotFound)?;
        let Document { document_id, customer_id, status, process_id, .. } = document;
        let open = decide_void(status, process_id)?;
        let is_new = open.is_none();
        let process_id = match open {
            Some(process_id) => process_id,
            None => ProcessId::try_from(new_id()).map_err(ApiError::internal)?,
        };
        tx.correlate(process_id.as_str());
        let voiding = DocumentVoiding { document_id, customer_id, process_id };
        if is_new {
            store::open_process(tx, &voiding, now()).await?;
            record(tx, &voiding, ProcessState::Requested)?;
            tracing::info!(document_id = %voiding.document_id, "voiding requested");
        }
        Ok(Done::accepted(voiding))
    });
    answer.await
}
