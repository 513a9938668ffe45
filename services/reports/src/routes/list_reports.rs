//! `GET /reports`: the reports, newest first.

use axum::extract::State;
use messages::{CustomerId, Page, Problem, reports::Report};
use service_kit::{ApiError, Database, Json, Params, cursor};

use crate::store::{Filter, page};

/// What cursors of this list are made for.
const SCOPE: &str = "reports";

/// The reports, newest first.
#[utoipa::path(
    get,
    path = "/reports",
    tag = "reports",
    params(
        ("customer_id" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("status" = Option<String>, Query, description = "Only those that are `open` or `published`"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "50 by default"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Report>),
        (status = 400, description = "invalid-parameter", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_reports(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Report>>, ApiError> {
    let filter = Filter {
        customer_id: params.value("customer_id")?,
        status: params.name_of("status")?,
        after: params.cursor(SCOPE)?,
    };
    let (items, next) = page(&database, filter, params.limit()?).await?;
    let next_cursor = next.map(|key| cursor::encode(SCOPE, &key)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items, next_cursor }))
}
