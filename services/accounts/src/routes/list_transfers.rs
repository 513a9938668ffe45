//! `GET /transfers`: the money transfers, newest first.

use axum::extract::State;
use messages::{AccountId, Page, Problem, accounts::Transfer};
use service_kit::{ApiError, Database, Json, Params, cursor};

use crate::store::{self, Filter};

/// What cursors of this list are made for.
const SCOPE: &str = "transfers";

/// The money transfers, newest first.
#[utoipa::path(
    get,
    path = "/transfers",
    tag = "transfers",
    params(
        ("status" = Option<String>, Query, description = "Only those that are `requested`, `withdrawn`, `completed`, `returned` or `failed`"),
        ("account_id" = Option<AccountId>, Query, description = "Only those from or to this account"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "50 by default"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Transfer>),
        (status = 400, description = "invalid-parameter", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_transfers(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Transfer>>, ApiError> {
    let filter = Filter {
        status: params.name_of("status")?,
        account_id: params.value("account_id")?,
        after: params.cursor(SCOPE)?,
    };
    let (items, next) = store::transfers(&database, filter, params.limit()?).await?;
    let next_cursor = next.map(|key| cursor::encode(SCOPE, &key)).transpose().map_err(ApiError::internal)?;
    Ok(Json(Page { items, next_cursor }))
}
