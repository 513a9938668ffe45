//! `POST /commands/withdraw-money`: takes a transfer's amount from its account.

use axum::extract::State;
use messages::{
    Problem,
    accounts::{Account, WithdrawMoney},
};
use service_kit::{ApiError, CommandHeaders, Database, Json};

use super::movement::carry_out;
use crate::domain::{Movement, Step};

/// Takes a transfer's amount from the account that it comes from, once per transfer. An account is never overdrawn.
#[utoipa::path(
    post,
    path = "/commands/withdraw-money",
    tag = "commands",
    request_body = WithdrawMoney,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command be answered as the first"),
        ("x-correlation-id" = Option<String>, Header, description = "The transfer id"),
        ("x-causation-id" = Option<String>, Header, description = "Becomes the `causationid` of the event"),
    ),
    responses(
        (status = 200, description = "The amount has been withdrawn", body = Account),
        (status = 404, description = "transfer-not-found, account-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "insufficient-funds, account-closed, transfer-mismatch, transfer-failed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, currency-mismatch, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn withdraw_money(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<WithdrawMoney>,
) -> Result<Json<Account>, ApiError> {
    let WithdrawMoney { transfer_id, account_id, amount } = body;
    carry_out(&database, &headers, Movement { step: Step::Withdraw, transfer_id, account_id, amount }).await
}
