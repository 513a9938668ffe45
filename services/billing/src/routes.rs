//! Billing's routes.

mod documents;
mod issue_document;
mod void_document;
mod voiding;

use service_kit::Database;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Returns the routes of documents and of commands.
pub(crate) fn routes() -> OpenApiRouter<Database> {
    OpenApiRouter::new()
        .routes(routes!(issue_document::issue_document, documents::list_documents))
        .routes(routes!(documents::get_document))
        .routes(routes!(void_document::void_document))
        .routes(routes!(voiding::complete_document_voiding))
        .routes(routes!(voiding::abort_document_voiding))
        .routes(routes!(voiding::close_document_voiding))
}
