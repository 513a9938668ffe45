//! `GET /documents` and `GET /documents/{document_id}`: reads documents.

use axum::extract::State;
use messages::{CustomerId, DocumentId, Page, billing::Document};
use service_kit::{ApiError, Database, Json, PageParams, Params, PathId, invalid};

use crate::{
    domain::Refusal,
    store::{self, Filter},
};

/// The documents, newest first.
#[utoipa::path(
    get,
    path = "/documents",
    tag = "documents",
    params(
        ("customer_id" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("status" = Option<String>, Query, pattern = "^(issued|voiding-requested|voided)$", description = "Only those of this status"),
        ("process" = Option<String>, Query, pattern = "^open$", description = "`open`: only those with an open process"),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page", body = Page<Document>),
        (status = 400, description = "invalid-parameter"),
    )
)]
pub(super) async fn list_documents(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Document>>, ApiError> {
    let in_process = match params.text("process")? {
        None => false,
        Some("open") => true,
        Some(_) => return Err(invalid("process", "must be open")),
    };
    let filter = Filter { customer_id: params.value("customer_id")?, status: params.name_of("status")?, in_process };
    Ok(Json(store::documents(&database, filter, params.page("documents")?).await?))
}

/// A document; `process_id` is that of its open process.
#[utoipa::path(
    get,
    path = "/documents/{document_id}",
    tag = "documents",
    params(("document_id" = DocumentId, Path)),
    responses(
        (status = 200, description = "The document", body = Document),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "document-not-found"),
    )
)]
pub(super) async fn get_document(
    State(database): State<Database>,
    PathId(id): PathId<DocumentId>,
) -> Result<Json<Document>, ApiError> {
    Ok(Json(store::find(&database, &id).await?.ok_or(Refusal::DocumentNotFound)?))
}
