//! Accounts' routes.

mod accounts;
mod close_account;
mod fail_money_transfer;
mod movement;
mod open_account;
mod request_money_transfer;
mod transfers;

use messages::Money;
use service_kit::{ApiError, Database, invalid_body};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Returns the routes of accounts, of transfers and of commands.
pub(crate) fn routes() -> OpenApiRouter<Database> {
    OpenApiRouter::new()
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(accounts::get_account))
        .routes(routes!(transfers::list_transfers))
        .routes(routes!(transfers::get_transfer))
        .routes(routes!(open_account::open_account))
        .routes(routes!(close_account::close_account))
        .routes(routes!(request_money_transfer::request_money_transfer))
        .routes(routes!(movement::withdraw_money))
        .routes(routes!(movement::deposit_money))
        .routes(routes!(fail_money_transfer::fail_money_transfer))
}

/// Checks that the amount to move is more than zero.
fn positive(amount: Money) -> Result<(), ApiError> {
    if amount.minor > 0 { Ok(()) } else { Err(invalid_body("amount must be more than zero")) }
}

/// Checks that a text has at most `most` characters, and no null character, which PostgreSQL cannot store.
fn short(name: &str, text: &str, most: usize) -> Result<(), ApiError> {
    if text.chars().count() <= most && !text.contains('\0') {
        return Ok(());
    }
    Err(invalid_body(format!("{name} must have at most {most} characters and no null character")))
}
