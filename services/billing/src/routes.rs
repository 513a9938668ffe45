//! Billing's routes, one file each.

mod abort_document_voiding;
mod close_document_voiding;
mod complete_document_voiding;
mod get_document;
mod issue_document;
mod list_documents;
mod void_document;
mod voiding;

use axum::http::StatusCode;
use service_kit::{ApiError, Database, problem};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::domain::Refusal;

/// The routes of documents and of commands.
pub(crate) fn routes(database: Database) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(issue_document::issue_document, list_documents::list_documents))
        .routes(routes!(get_document::get_document))
        .routes(routes!(void_document::void_document))
        .routes(routes!(complete_document_voiding::complete_document_voiding))
        .routes(routes!(abort_document_voiding::abort_document_voiding))
        .routes(routes!(close_document_voiding::close_document_voiding))
        .with_state(database)
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = if refusal.is_not_found() { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
        problem(status, refusal.code(), refusal.to_string())
    }
}
