//! `POST /commands/close-document-voiding`: ends an aborted process.

use axum::extract::State;
use messages::{
    Problem,
    billing::{DocumentVoiding, DocumentVoidingCommand},
};
use service_kit::{ApiError, CommandHeaders, Database, Json};

use super::voiding::carry_out;
use crate::domain::VoidingCommand;

/// Ends an aborted process: the document can be voided by another one from now on.
#[utoipa::path(
    post,
    path = "/commands/close-document-voiding",
    tag = "commands",
    request_body = DocumentVoidingCommand,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "The process id"),
    ),
    responses(
        (status = 200, description = "The process is closed", body = DocumentVoiding),
        (status = 404, description = "process-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not-aborted, document-already-voided", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn close_document_voiding(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<DocumentVoidingCommand>,
) -> Result<Json<DocumentVoiding>, ApiError> {
    carry_out(&database, VoidingCommand::Close, &headers, body).await
}
