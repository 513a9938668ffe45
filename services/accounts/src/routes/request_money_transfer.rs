//! `POST /commands/request-money-transfer`: records that money is to be moved.

use messages::{
    AccountId, TransferId,
    accounts::{Event, MoneyTransferRequested, RequestMoneyTransfer, Transfer, TransferStatus},
};
use service_kit::{
    Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, Transaction, invalid_body, new_id, now,
};

use super::positive;
use crate::{domain::Refusal, store};

/// Records that money is to be moved; no money moves yet. Whether the one account has it and the other takes it is
/// decided when it is withdrawn and deposited.
///
/// The same id with the same content again answers the transfer as it is now.
#[utoipa::path(
    post,
    path = "/commands/request-money-transfer",
    tag = "commands",
    request_body = RequestMoneyTransfer,
    params(CommandHeaders),
    responses(
        (status = 202, description = "Requested", body = Transfer, headers(("location" = String))),
        (status = 200, description = "It was requested before", body = Transfer, headers(("location" = String))),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "transfer-exists"),
        CommandProblems,
        (status = 422, description = "invalid-body, currency-mismatch, idempotency-key-reused"),
    )
)]
pub(super) async fn request_money_transfer(
    command: Command<RequestMoneyTransfer>,
) -> Result<Answer<Transfer>, ApiError> {
    positive(command.body.amount)?;
    if command.body.from == command.body.to {
        return Err(invalid_body("from and to must be two accounts"));
    }
    let answer = command.run_by_state("request-money-transfer", async |tx, body| {
        if let Some(answer) = tx.earlier::<Transfer>()? {
            tx.correlate(answer.body.transfer_id.as_str());
            return Ok(Done::Repeated(answer));
        }
        let new = transfer(body)?;
        let id = new.transfer_id.as_str();
        tx.correlate(id);
        check_account(tx, &new, &new.from).await?;
        check_account(tx, &new, &new.to).await?;
        if store::insert_transfer(tx, &new).await? {
            tx.record_in_process(id, id, &requested(&new))?;
            tracing::info!(transfer_id = id, "money transfer requested");
            return Ok(Done::accepted(new));
        }
        let existing = store::lock_transfer(tx, &new.transfer_id).await?.ok_or(Refusal::TransferNotFound)?;
        if content(&existing) != content(&new) {
            return Err(Refusal::TransferExists.into());
        }
        Ok(Done::ok(existing))
    });
    Ok(answer.await?.located(|transfer| format!("/transfers/{}", transfer.transfer_id)))
}

/// Checks an account without a lock: accounts are never deleted, and none changes its currency.
async fn check_account(transaction: &Transaction, transfer: &Transfer, id: &AccountId) -> Result<(), ApiError> {
    let account = store::find_account(&**transaction, id).await?.ok_or(Refusal::AccountNotFound)?;
    if account.balance.currency != transfer.amount.currency {
        return Err(Refusal::CurrencyMismatch.into());
    }
    Ok(())
}

fn transfer(body: RequestMoneyTransfer) -> Result<Transfer, ApiError> {
    let transfer_id = match body.transfer_id {
        Some(id) => id,
        None => TransferId::try_from(new_id()).map_err(ApiError::internal)?,
    };
    let at = now();
    Ok(Transfer {
        transfer_id,
        from: body.from,
        to: body.to,
        amount: body.amount,
        status: TransferStatus::Requested,
        reason: None,
        requested_at: at,
        updated_at: at,
    })
}

/// Returns the content that makes two transfers with one id the same.
fn content(transfer: &Transfer) -> impl PartialEq {
    (transfer.from.clone(), transfer.to.clone(), transfer.amount)
}

fn requested(transfer: &Transfer) -> Event {
    Event::MoneyTransferRequested(MoneyTransferRequested {
        transfer_id: transfer.transfer_id.clone(),
        from: transfer.from.clone(),
        to: transfer.to.clone(),
        amount: transfer.amount,
    })
}
