//! `GET /accounts/{account_id}`: an account.

use axum::extract::State;
use messages::{AccountId, Problem, accounts::Account};
use service_kit::{ApiError, Database, Json, PathId};

use crate::{domain::Refusal, store};

/// An account.
#[utoipa::path(
    get,
    path = "/accounts/{account_id}",
    tag = "accounts",
    params(("account_id" = AccountId, Path)),
    responses(
        (status = 200, description = "The account", body = Account),
        (status = 400, description = "invalid-id", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "account-not-found", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_account(
    State(database): State<Database>,
    PathId(id): PathId<AccountId>,
) -> Result<Json<Account>, ApiError> {
    Ok(Json(store::find_account(database.reader(), &id).await?.ok_or(Refusal::AccountNotFound)?))
}
