//! `GET /reports/{report_id}`: a report.

use axum::extract::State;
use messages::{Problem, ReportId, reports::Report};
use service_kit::{ApiError, Database, Json, PathId};

use crate::{domain::Refusal, store};

/// A report with its documents and its totals.
#[utoipa::path(
    get,
    path = "/reports/{report_id}",
    tag = "reports",
    params(("report_id" = ReportId, Path)),
    responses(
        (status = 200, description = "The report", body = Report),
        (status = 400, description = "invalid-id", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "report-not-found", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_report(
    State(database): State<Database>,
    PathId(id): PathId<ReportId>,
) -> Result<Json<Report>, ApiError> {
    Ok(Json(store::find(&database, &id).await?.ok_or(Refusal::ReportNotFound)?))
}
