//! What withdraw- and deposit-money have in common.

use axum::http::StatusCode;
use messages::accounts::{Account, Event, MoneyDeposited, MoneyWithdrawn};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, append, now};

use super::limits::positive;
use crate::{
    domain::{Effect, Movement, Refusal, Step, balance_after, check, decide},
    store,
};

/// Carries a step of a transfer out: decides by the transfer's status and the account, and looks at the idempotency key
/// only where they accept. The status makes a step take effect once, also without a key.
pub(super) async fn carry_out(
    database: &Database,
    headers: &CommandHeaders,
    movement: Movement,
) -> Result<Json<Account>, ApiError> {
    let Movement { step, ref transfer_id, ref account_id, amount } = movement;
    positive(amount)?;
    headers.correlate(transfer_id.as_str());
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, headers, step.command(), &movement).await?;
    let transfer = store::lock_transfer(&transaction, transfer_id).await?.ok_or(Refusal::TransferNotFound)?;
    let account = store::lock_account(&transaction, account_id).await?.ok_or(Refusal::AccountNotFound)?;
    check(&movement, &transfer, &account)?;
    let effect = decide(step, transfer.status)?;
    let balance = match effect {
        Effect::Become(_) => balance_after(step, &account, amount)?,
        Effect::Nothing => account.balance,
    };
    if let Some(earlier) = key.earlier()? {
        return Ok(Json(earlier.response));
    }
    let account = Account { balance, ..account };
    key.keep(&transaction, StatusCode::OK, &account).await?;
    if let Effect::Become(status) = effect {
        store::set_status(&transaction, transfer_id, status, None, now()).await?;
        store::set_balance(&transaction, account_id, balance).await?;
        let (subject, correlation) = (account_id.as_str(), Some(transfer_id.as_str()));
        let event = NewEvent::new(&moved(&movement), subject, correlation, &headers.causation_id)?;
        append(&mut transaction, vec![event]).await?;
        tracing::info!(%transfer_id, %account_id, "{}", step.command());
    }
    transaction.commit().await?;
    Ok(Json(account))
}

fn moved(movement: &Movement) -> Event {
    let Movement { step, transfer_id, account_id, amount } = movement.clone();
    match step {
        Step::Withdraw => Event::MoneyWithdrawn(MoneyWithdrawn { transfer_id, account_id, amount }),
        Step::Deposit(purpose) => Event::MoneyDeposited(MoneyDeposited { transfer_id, account_id, amount, purpose }),
    }
}
