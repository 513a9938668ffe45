//! `POST /commands/{complete,abort,close}-document-voiding`: ends the process of a voiding.

use messages::billing::{Document, DocumentVoiding, DocumentVoidingCommand, Event};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, CommandTransaction, Done, now};

use crate::{
    domain::{Effect, ProcessState, Refusal, VoidingCommand, decide},
    store,
};

/// Voids the document, as the end of the process that was opened for it.
#[utoipa::path(
    post,
    path = "/commands/complete-document-voiding",
    tag = "commands",
    request_body = DocumentVoidingCommand,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The document is voided by this process", body = DocumentVoiding),
        (status = 409, description = "aborted, process-closed"),
        CommandProblems,
    )
)]
pub(super) async fn complete_document_voiding(
    command: Command<DocumentVoidingCommand>,
) -> Result<Answer<DocumentVoiding>, ApiError> {
    carry_out(VoidingCommand::Complete, command).await
}

/// Makes the document issued again. Its process stays open until it is closed, and can no longer be completed.
#[utoipa::path(
    post,
    path = "/commands/abort-document-voiding",
    tag = "commands",
    request_body = DocumentVoidingCommand,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The process is aborted", body = DocumentVoiding),
        (status = 409, description = "document-already-voided, process-closed"),
        CommandProblems,
    )
)]
pub(super) async fn abort_document_voiding(
    command: Command<DocumentVoidingCommand>,
) -> Result<Answer<DocumentVoiding>, ApiError> {
    carry_out(VoidingCommand::Abort, command).await
}

/// Ends an aborted process: the document can be voided by another one from now on.
#[utoipa::path(
    post,
    path = "/commands/close-document-voiding",
    tag = "commands",
    request_body = DocumentVoidingCommand,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The process is closed", body = DocumentVoiding),
        (status = 404, description = "process-not-found"),
        (status = 409, description = "not-aborted, document-already-voided"),
        CommandProblems,
    )
)]
pub(super) async fn close_document_voiding(
    command: Command<DocumentVoidingCommand>,
) -> Result<Answer<DocumentVoiding>, ApiError> {
    carry_out(VoidingCommand::Close, command).await
}

/// Decides by the process's state, and consults the idempotency key only if the state accepts.
async fn carry_out(
    kind: VoidingCommand,
    command: Command<DocumentVoidingCommand>,
) -> Result<Answer<DocumentVoiding>, ApiError> {
    command.correlate(command.body.process_id.as_str());
    let answer = command.run_by_state(kind.name(), async |tx, body| {
        let document = store::lock(tx, &body.document_id).await?;
        let state = store::process_state(tx, &body.document_id, &body.process_id).await?;
        let effect = decide(kind, state)?;
        // A process of this document was found, so the document exists.
        let Document { document_id, customer_id, .. } = document.ok_or(Refusal::ProcessClosed)?;
        if let Some(answer) = tx.earlier()? {
            return Ok(Done::Repeated(answer));
        }
        let voiding = DocumentVoiding { document_id, customer_id, process_id: body.process_id };
        if let Effect::Become(state) = effect {
            store::move_process(tx, &voiding, state, now()).await?;
            record(tx, &voiding, state)?;
            tracing::info!(document_id = %voiding.document_id, "{}", kind.name());
        }
        Ok(Done::ok(voiding))
    });
    answer.await
}

/// Records that the document's process has moved to this state.
pub(super) fn record(
    tx: &mut CommandTransaction,
    voiding: &DocumentVoiding,
    state: ProcessState,
) -> Result<(), ApiError> {
    let event = match state {
        ProcessState::Requested => Event::DocumentVoidingRequested(voiding.clone()),
        ProcessState::Aborted => Event::DocumentVoidingAborted(voiding.clone()),
        ProcessState::Voided => Event::DocumentVoided(voiding.clone()),
        ProcessState::Closed => Event::DocumentVoidingClosed(voiding.clone()),
    };
    tx.record_in_process(voiding.process_id.as_str(), voiding.document_id.as_str(), &event)
}
