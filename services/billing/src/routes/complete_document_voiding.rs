//! `POST /commands/complete-document-voiding`: voids the document.

use axum::extract::State;
use messages::{
    Problem,
    billing::{DocumentVoiding, DocumentVoidingCommand},
};
use service_kit::{ApiError, CommandHeaders, Database, Json};

use super::voiding::carry_out;
use crate::domain::VoidingCommand;

/// Voids the document, as the end of the process that was opened for it.
#[utoipa::path(
    post,
    path = "/commands/complete-document-voiding",
    tag = "commands",
    request_body = DocumentVoidingCommand,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "The process id"),
    ),
    responses(
        (status = 200, description = "The document is voided by this process", body = DocumentVoiding),
        (status = 409, description = "aborted, process-closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn complete_document_voiding(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<DocumentVoidingCommand>,
) -> Result<Json<DocumentVoiding>, ApiError> {
    carry_out(&database, VoidingCommand::Complete, &headers, body).await
}
