//! What complete-, abort- and close-document-voiding have in common.

use axum::http::StatusCode;
use messages::billing::{Document, DocumentVoiding, DocumentVoidingCommand, Event};
use sea_orm::DbErr;
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, Transaction, append, now};

use crate::{
    domain::{Effect, ProcessState, Refusal, VoidingCommand, decide},
    store,
};

/// Carries a command out: decides by the process's state, and looks at the idempotency key only where that accepts.
pub(super) async fn carry_out(
    database: &Database,
    command: VoidingCommand,
    headers: &CommandHeaders,
    body: DocumentVoidingCommand,
) -> Result<Json<DocumentVoiding>, ApiError> {
    headers.correlate(body.process_id.as_str());
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, headers, command.name(), &body).await?;
    let document = store::lock(&transaction, &body.document_id).await?;
    let state = store::process_state(&transaction, &body.document_id, &body.process_id).await?;
    let effect = decide(command, state)?;
    // A process of this document was found, so the document is there.
    let Document { document_id, customer_id, .. } = document.ok_or(Refusal::ProcessClosed)?;
    if let Some(earlier) = key.earlier()? {
        return Ok(Json(earlier.response));
    }
    let voiding = DocumentVoiding { document_id, customer_id, process_id: body.process_id };
    key.keep(&transaction, StatusCode::OK, &voiding).await?;
    if let Effect::Become(state) = effect {
        store::move_process(&transaction, &voiding, state, now()).await?;
        record(&mut transaction, headers, &voiding, state).await?;
        tracing::info!(document_id = %voiding.document_id, "{}", command.name());
    }
    transaction.commit().await?;
    Ok(Json(voiding))
}

/// Appends the event which says that the document's process has come to this state.
pub(super) async fn record(
    transaction: &mut Transaction,
    headers: &CommandHeaders,
    voiding: &DocumentVoiding,
    state: ProcessState,
) -> Result<(), DbErr> {
    let event = match state {
        ProcessState::Requested => Event::DocumentVoidingRequested(voiding.clone()),
        ProcessState::Aborted => Event::DocumentVoidingAborted(voiding.clone()),
        ProcessState::Voided => Event::DocumentVoided(voiding.clone()),
        ProcessState::Closed => Event::DocumentVoidingClosed(voiding.clone()),
    };
    let (document, process) = (voiding.document_id.as_str(), voiding.process_id.as_str());
    let event = NewEvent::new(&event, document, Some(process), &headers.causation_id)?;
    append(transaction, vec![event]).await
}
