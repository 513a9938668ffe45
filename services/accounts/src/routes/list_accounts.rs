//! `GET /accounts`: the accounts, newest first.

use axum::extract::State;
use messages::{Page, Problem, accounts::Account};
use service_kit::{ApiError, Database, Json, Params, cursor};

use crate::store;

/// What cursors of this list are made for.
const SCOPE: &str = "accounts";

/// The accounts, newest first.
#[utoipa::path(
    get,
    path = "/accounts",
    tag = "accounts",
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "50 by default"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Account>),
        (status = 400, description = "invalid-parameter", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_accounts(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Account>>, ApiError> {
    let (items, next) = store::accounts(&database, params.cursor(SCOPE)?, params.limit()?).await?;
    let next_cursor = next.map(|key| cursor::encode(SCOPE, &key)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items, next_cursor }))
}
