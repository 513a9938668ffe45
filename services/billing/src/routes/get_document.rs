//! `GET /documents/{document_id}`: a document.

use axum::extract::State;
use messages::{DocumentId, Problem, billing::Document};
use service_kit::{ApiError, Database, Json, PathId};

use crate::{domain::Refusal, store};

/// A document; `process_id` is that of its open process.
#[utoipa::path(
    get,
    path = "/documents/{document_id}",
    tag = "documents",
    params(("document_id" = DocumentId, Path)),
    responses(
        (status = 200, description = "The document", body = Document),
        (status = 400, description = "invalid-id", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "document-not-found", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_document(
    State(database): State<Database>,
    PathId(id): PathId<DocumentId>,
) -> Result<Json<Document>, ApiError> {
    Ok(Json(store::find(&database, &id).await?.ok_or(Refusal::DocumentNotFound)?))
}
