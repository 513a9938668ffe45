//! Accounts' routes, one file each.

mod close_account;
mod deposit_money;
mod fail_money_transfer;
mod get_account;
mod get_transfer;
mod limits;
mod list_accounts;
mod list_transfers;
mod movement;
mod open_account;
mod request_money_transfer;
mod withdraw_money;

use axum::http::StatusCode;
use service_kit::{ApiError, Database, problem};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::domain::Refusal;

/// The routes of accounts, of transfers and of commands.
pub(crate) fn routes(database: Database) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_accounts::list_accounts))
        .routes(routes!(get_account::get_account))
        .routes(routes!(list_transfers::list_transfers))
        .routes(routes!(get_transfer::get_transfer))
        .routes(routes!(open_account::open_account))
        .routes(routes!(close_account::close_account))
        .routes(routes!(request_money_transfer::request_money_transfer))
        .routes(routes!(withdraw_money::withdraw_money))
        .routes(routes!(deposit_money::deposit_money))
        .routes(routes!(fail_money_transfer::fail_money_transfer))
        .with_state(database)
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::AccountNotFound | Refusal::TransferNotFound => StatusCode::NOT_FOUND,
            Refusal::CurrencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::CONFLICT,
        };
        problem(status, refusal.code(), refusal.to_string())
    }
}
