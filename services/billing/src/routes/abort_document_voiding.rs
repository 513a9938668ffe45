//! `POST /commands/abort-document-voiding`: the document is issued again.

use axum::extract::State;
use messages::{
    Problem,
    billing::{DocumentVoiding, DocumentVoidingCommand},
};
use service_kit::{ApiError, CommandHeaders, Database, Json};

use super::voiding::carry_out;
use crate::domain::VoidingCommand;

/// Makes the document issued again. Its process stays open until it is closed, and can no longer be completed.
#[utoipa::path(
    post,
    path = "/commands/abort-document-voiding",
    tag = "commands",
    request_body = DocumentVoidingCommand,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "The process id"),
    ),
    responses(
        (status = 200, description = "The process is aborted", body = DocumentVoiding),
        (status = 409, description = "document-already-voided, process-closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn abort_document_voiding(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<DocumentVoidingCommand>,
) -> Result<Json<DocumentVoiding>, ApiError> {
    carry_out(&database, VoidingCommand::Abort, &headers, body).await
}
