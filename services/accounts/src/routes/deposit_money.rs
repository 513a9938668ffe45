//! `POST /commands/deposit-money`: puts a transfer's amount on the other account, or back.

use axum::extract::State;
use messages::{
    Problem,
    accounts::{Account, DepositMoney},
};
use service_kit::{ApiError, CommandHeaders, Database, Json};

use super::movement::carry_out;
use crate::domain::{Movement, Step};

/// Puts a transfer's amount on the account that it goes to, or, as a refund, back on the one that it came from: one of the
/// two, once per transfer, after its withdrawal.
///
/// A closed account takes refunds and nothing else: money that was in flight when it was closed must be able to go back.
#[utoipa::path(
    post,
    path = "/commands/deposit-money",
    tag = "commands",
    request_body = DepositMoney,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command be answered as the first"),
        ("x-correlation-id" = Option<String>, Header, description = "The transfer id"),
        ("x-causation-id" = Option<String>, Header, description = "Becomes the `causationid` of the event"),
    ),
    responses(
        (status = 200, description = "The amount has been deposited", body = Account),
        (status = 404, description = "transfer-not-found, account-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "account-closed, balance-out-of-range, not-withdrawn, already-settled, transfer-mismatch", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, currency-mismatch, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn deposit_money(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<DepositMoney>,
) -> Result<Json<Account>, ApiError> {
    let DepositMoney { transfer_id, account_id, amount, purpose } = body;
    carry_out(&database, &headers, Movement { step: Step::Deposit(purpose), transfer_id, account_id, amount }).await
}
