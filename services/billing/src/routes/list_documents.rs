//! `GET /documents`: the documents, newest first.

use axum::extract::State;
use messages::{CustomerId, Page, Problem, billing::Document};
use service_kit::{ApiError, Database, Json, Params, cursor, invalid};

use crate::store::{Filter, page};

/// What cursors of this list are made for.
const SCOPE: &str = "documents";

/// The documents, newest first.
#[utoipa::path(
    get,
    path = "/documents",
    tag = "documents",
    params(
        ("customer_id" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("status" = Option<String>, Query, description = "Only those that are `issued`, `voiding-requested` or `voided`"),
        ("process" = Option<String>, Query, description = "`open`: only those with an open process"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "50 by default"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Document>),
        (status = 400, description = "invalid-parameter", body = Problem, content_type = "application/problem+json"),
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
    let filter = Filter {
        customer_id: params.value("customer_id")?,
        status: params.name_of("status")?,
        in_process,
        after: params.cursor(SCOPE)?,
    };
    let (items, next) = page(&database, filter, params.limit()?).await?;
    let next_cursor = next.map(|key| cursor::encode(SCOPE, &key)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items, next_cursor }))
}
