//! `POST /commands/request-money-transfer`: records that money is to be moved.

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use messages::{
    AccountId, Problem, TransferId,
    accounts::{Event, MoneyTransferRequested, RequestMoneyTransfer, Transfer, TransferStatus},
};
use service_kit::{
    ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, Transaction, append, new_id, now,
};

use super::limits::{broken, positive};
use crate::{domain::Refusal, store};

type Answer = (StatusCode, [(HeaderName, String); 1], Json<Transfer>);

/// Records that money is to be moved; no money moves yet. Whether the one account has it and the other takes it is
/// decided when it is withdrawn and deposited.
///
/// The same id with the same content again answers the transfer as it is now.
#[utoipa::path(
    post,
    path = "/commands/request-money-transfer",
    tag = "commands",
    request_body = RequestMoneyTransfer,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "For the log lines; the transfer id takes its place"),
        ("x-causation-id" = Option<String>, Header, description = "Becomes the `causationid` of the event"),
    ),
    responses(
        (status = 202, description = "Requested", body = Transfer, headers(("location" = String))),
        (status = 200, description = "It was requested before", body = Transfer, headers(("location" = String))),
        (status = 404, description = "account-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "transfer-exists", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, currency-mismatch, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn request_money_transfer(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<RequestMoneyTransfer>,
) -> Result<Answer, ApiError> {
    positive(body.amount)?;
    if body.from == body.to {
        return Err(broken("from and to must be two accounts"));
    }
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "request-money-transfer", &body).await?;
    if let Some(earlier) = key.earlier::<Transfer>()? {
        headers.correlate(earlier.response.transfer_id.as_str());
        return Ok(answer(earlier.status, earlier.response));
    }
    let new = transfer(body)?;
    headers.correlate(new.transfer_id.as_str());
    check_account(&transaction, &new, &new.from).await?;
    check_account(&transaction, &new, &new.to).await?;
    if store::insert_transfer(&transaction, &new).await? {
        key.keep(&transaction, StatusCode::ACCEPTED, &new).await?;
        let id = new.transfer_id.as_str();
        append(&mut transaction, vec![NewEvent::new(&requested(&new), id, Some(id), &headers.causation_id)?]).await?;
        transaction.commit().await?;
        tracing::info!(transfer_id = id, "money transfer requested");
        return Ok(answer(StatusCode::ACCEPTED, new));
    }
    let existing = store::lock_transfer(&transaction, &new.transfer_id).await?.ok_or(Refusal::TransferNotFound)?;
    if content(&existing) != content(&new) {
        return Err(Refusal::TransferExists.into());
    }
    key.keep(&transaction, StatusCode::OK, &existing).await?;
    transaction.commit().await?;
    Ok(answer(StatusCode::OK, existing))
}

/// Without a lock: accounts are never deleted, and none changes its currency.
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

/// What makes two transfers of one id the same.
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

fn answer(status: StatusCode, transfer: Transfer) -> Answer {
    let location = format!("/transfers/{}", transfer.transfer_id);
    (status, [(header::LOCATION, location)], Json(transfer))
}
