//! `POST /commands/void-document`: opens a process that voids the document.

use axum::{extract::State, http::StatusCode};
use messages::{
    Problem, ProcessId,
    billing::{Document, DocumentVoiding, VoidDocument},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, new_id, now};

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
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "For the log lines; the process id that is answered takes its place"),
    ),
    responses(
        (status = 202, description = "The process that voids the document", body = DocumentVoiding),
        (status = 404, description = "document-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "document-already-voided", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn void_document(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<VoidDocument>,
) -> Result<(StatusCode, Json<DocumentVoiding>), ApiError> {
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "void-document", &body).await?;
    if let Some(earlier) = key.earlier::<DocumentVoiding>()? {
        headers.correlate(earlier.response.process_id.as_str());
        return Ok((StatusCode::ACCEPTED, Json(earlier.response)));
    }
    let document = store::lock(&transaction, &body.document_id).await?.ok_or(Refusal::DocumentNotFound)?;
    let Document { document_id, customer_id, status, process_id, .. } = document;
    let open = decide_void(status, process_id)?;
    let is_new = open.is_none();
    let process_id = match open {
        Some(process_id) => process_id,
        None => ProcessId::try_from(new_id()).map_err(ApiError::internal)?,
    };
    headers.correlate(process_id.as_str());
    let voiding = DocumentVoiding { document_id, customer_id, process_id };
    key.keep(&transaction, StatusCode::ACCEPTED, &voiding).await?;
    if is_new {
        store::open_process(&transaction, &voiding, now()).await?;
        record(&mut transaction, &headers, &voiding, ProcessState::Requested).await?;
        tracing::info!(document_id = %voiding.document_id, "voiding requested");
    }
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(voiding)))
}
