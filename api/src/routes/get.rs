//! `GET /voidings/{document_id}`: the latest voiding of a document.

use axum::extract::State;
use messages::{DocumentId, Problem};
use service_kit::{ApiError, Json, PathId};

use crate::{
    app::App,
    error::{lookup_failed, voiding_not_found},
    voiding::Voiding,
};

/// Shows the latest voiding of a document.
///
/// Needs no worker. If Temporal has deleted the run, the answer comes from Billing, and `steps_missing` says so.
#[utoipa::path(
    get,
    path = "/voidings/{document_id}",
    tag = "voidings",
    params(("document_id" = DocumentId, Path, description = "The document")),
    responses(
        (status = 200, description = "The latest voiding", body = Voiding),
        (status = 400, description = "`invalid-id`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`voiding-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, `temporal-unavailable`, `billing-unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
pub(super) async fn get_voiding(
    State(app): State<App>,
    PathId(document_id): PathId<DocumentId>,
) -> Result<Json<Voiding>, ApiError> {
    let latest = app.voidings.latest(&document_id).await.map_err(lookup_failed)?;
    latest.map(|latest| Json(app.present(latest))).ok_or_else(|| voiding_not_found(&document_id))
}
