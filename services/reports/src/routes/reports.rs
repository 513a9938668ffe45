//! `GET /reports` and `GET /reports/{report_id}`: reads reports.

use axum::extract::State;
use messages::{CustomerId, Page, ReportId, reports::Report};
use service_kit::{ApiError, Database, Json, PageParams, Params, PathId};

use crate::{
    domain::Refusal,
    store::{self, Filter},
};

/// The reports, newest first.
#[utoipa::path(
    get,
    path = "/reports",
    tag = "reports",
    params(
        ("customer_id" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("status" = Option<String>, Query, pattern = "^(open|published)$", description = "Only those of this status"),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page", body = Page<Report>),
        (status = 400, description = "invalid-parameter"),
    )
)]
pub(super) async fn list_reports(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Report>>, ApiError> {
    let filter = Filter { customer_id: params.value("customer_id")?, status: params.name_of("status")? };
    Ok(Json(store::reports(&database, filter, params.page("reports")?).await?))
}

/// A report with its documents and its totals.
#[utoipa::path(
    get,
    path = "/reports/{report_id}",
    tag = "reports",
    params(("report_id" = ReportId, Path)),
    responses(
        (status = 200, description = "The report", body = Report),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "report-not-found"),
    )
)]
pub(super) async fn get_report(
    State(database): State<Database>,
    PathId(id): PathId<ReportId>,
) -> Result<Json<Report>, ApiError> {
    Ok(Json(store::find(&database, &id).await?.ok_or(Refusal::ReportNotFound)?))
}
