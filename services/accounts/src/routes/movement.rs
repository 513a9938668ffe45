//! `POST /commands/{withdraw,deposit}-money`: moves a transfer's amount from an account, or to one.

use messages::accounts::{Account, DepositMoney, Event, MoneyDeposited, MoneyWithdrawn, WithdrawMoney};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, now};

use super::positive;
use crate::{
    domain::{Effect, Movement, Refusal, Step, balance_after, check, decide},
    store,
};

/// Takes a transfer's amount from the account that it comes from, once per transfer. An account is never overdrawn.
#[utoipa::path(
    post,
    path = "/commands/withdraw-money",
    tag = "commands",
    request_body = WithdrawMoney,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The amount has been withdrawn", body = Account),
        (status = 404, description = "transfer-not-found, account-not-found"),
        (status = 409, description = "insufficient-funds, account-closed, transfer-mismatch, transfer-failed"),
        CommandProblems,
        (status = 422, description = "invalid-body, currency-mismatch, idempotency-key-reused"),
    )
)]
pub(super) async fn withdraw_money(command: Command<WithdrawMoney>) -> Result<Answer<Account>, ApiError> {
    let movement = command.map(|WithdrawMoney { transfer_id, account_id, amount }| Movement {
        step: Step::Withdraw,
        transfer_id,
        account_id,
        amount,
    });
    carry_out(movement).await
}

/// Puts a transfer's amount on the account that it goes to, or, as a refund, back on the one that it came from: one of the
/// two, once per transfer, after its withdrawal.
///
/// A closed account takes refunds and nothing else: money that was in flight when it was closed must be able to go back.
#[utoipa::path(
    post,
    path = "/commands/deposit-money",
    tag = "commands",
    request_body = DepositMoney,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The amount has been deposited", body = Account),
        (status = 404, description = "transfer-not-found, account-not-found"),
        (status = 409, description = "account-closed, balance-out-of-range, not-withdrawn, already-settled, transfer-mismatch"),
        CommandProblems,
        (status = 422, description = "invalid-body, currency-mismatch, idempotency-key-reused"),
    )
)]
pub(super) async fn deposit_money(command: Command<DepositMoney>) -> Result<Answer<Account>, ApiError> {
    let movement = command.map(|DepositMoney { transfer_id, account_id, amount, purpose }| Movement {
        step: Step::Deposit(purpose),
        transfer_id,
        account_id,
        amount,
    });
    carry_out(movement).await
}

/// Decides by the transfer's status and by the account, and consults the idempotency key only if both accept. The
/// status makes a step take effect once, even without a key.
async fn carry_out(command: Command<Movement>) -> Result<Answer<Account>, ApiError> {
    positive(command.body.amount)?;
    command.correlate(command.body.transfer_id.as_str());
    let name = command.body.step.command();
    let answer = command.run_by_state(name, async |tx, movement| {
        let Movement { step, ref transfer_id, ref account_id, amount } = movement;
        let transfer = store::lock_transfer(tx, transfer_id).await?.ok_or(Refusal::TransferNotFound)?;
        let account = store::lock_account(tx, account_id).await?.ok_or(Refusal::AccountNotFound)?;
        check(&movement, &transfer, &account)?;
        let effect = decide(step, transfer.status)?;
        let balance = match effect {
            Effect::Become(_) => balance_after(step, &account, amount)?,
            Effect::Nothing => account.balance,
        };
        if let Some(answer) = tx.earlier()? {
            return Ok(Done::Repeated(answer));
        }
        if let Effect::Become(status) = effect {
            store::set_status(tx, transfer_id, status, None, now()).await?;
            store::set_balance(tx, account_id, balance).await?;
            tx.record_in_process(transfer_id.as_str(), account_id.as_str(), &moved(&movement))?;
            tracing::info!(%transfer_id, %account_id, "{}", step.command());
        }
        Ok(Done::ok(Account { balance, ..account }))
    });
    answer.await
}

fn moved(movement: &Movement) -> Event {
    let Movement { step, transfer_id, account_id, amount } = movement.clone();
    match step {
        Step::Withdraw => Event::MoneyWithdrawn(MoneyWithdrawn { transfer_id, account_id, amount }),
        Step::Deposit(purpose) => Event::MoneyDeposited(MoneyDeposited { transfer_id, account_id, amount, purpose }),
    }
}
