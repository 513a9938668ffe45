//! `GET /accounts` and `GET /accounts/{account_id}`: reads accounts.

use axum::extract::State;
use messages::{AccountId, Page, accounts::Account};
use service_kit::{ApiError, Database, Json, PageParams, Params, PathId};

use crate::{domain::Refusal, store};

/// The accounts, newest first.
#[utoipa::path(
    get,
    path = "/accounts",
    tag = "accounts",
    params(PageParams),
    responses(
        (status = 200, description = "A page", body = Page<Account>),
        (status = 400, description = "invalid-parameter"),
    )
)]
pub(super) async fn list_accounts(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Account>>, ApiError> {
    Ok(Json(store::accounts(&database, params.page("accounts")?).await?))
}

/// An account.
#[utoipa::path(
    get,
    path = "/accounts/{account_id}",
    tag = "accounts",
    params(("account_id" = AccountId, Path)),
    responses(
        (status = 200, description = "The account", body = Account),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "account-not-found"),
    )
)]
pub(super) async fn get_account(
    State(database): State<Database>,
    PathId(id): PathId<AccountId>,
) -> Result<Json<Account>, ApiError> {
    Ok(Json(store::find_account(database.reader(), &id).await?.ok_or(Refusal::AccountNotFound)?))
}
