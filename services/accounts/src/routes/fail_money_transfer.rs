//! `POST /commands/fail-money-transfer`: gives a transfer up.

use axum::{extract::State, http::StatusCode};
use messages::{
    Problem,
    accounts::{Event, FailMoneyTransfer, MAX_REASON, MoneyTransferFailed, Transfer, TransferStatus},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, append, now};

use super::limits::short;
use crate::{
    domain::{Effect, Refusal, decide_fail},
    store,
};

/// Gives a transfer up whose withdrawal was never made; a later withdrawal is refused. Given up again it keeps its first
/// reason.
#[utoipa::path(
    post,
    path = "/commands/fail-money-transfer",
    tag = "commands",
    request_body = FailMoneyTransfer,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command be answered as the first"),
        ("x-correlation-id" = Option<String>, Header, description = "The transfer id"),
        ("x-causation-id" = Option<String>, Header, description = "Becomes the `causationid` of the event"),
    ),
    responses(
        (status = 200, description = "The transfer has failed", body = Transfer),
        (status = 404, description = "transfer-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "already-withdrawn", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn fail_money_transfer(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<FailMoneyTransfer>,
) -> Result<Json<Transfer>, ApiError> {
    short("reason", &body.reason, MAX_REASON)?;
    headers.correlate(body.transfer_id.as_str());
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "fail-money-transfer", &body).await?;
    let transfer = store::lock_transfer(&transaction, &body.transfer_id).await?.ok_or(Refusal::TransferNotFound)?;
    let effect = decide_fail(transfer.status)?;
    if let Some(earlier) = key.earlier()? {
        return Ok(Json(earlier.response));
    }
    let transfer = match effect {
        Effect::Become(status) => failed(transfer, status, body.reason),
        Effect::Nothing => transfer,
    };
    key.keep(&transaction, StatusCode::OK, &transfer).await?;
    if let Effect::Become(status) = effect {
        let Transfer { transfer_id, reason, updated_at, .. } = transfer.clone();
        store::set_status(&transaction, &transfer_id, status, reason.as_deref(), updated_at).await?;
        let (id, reason) = (transfer_id.to_string(), reason.unwrap_or_default());
        let event = Event::MoneyTransferFailed(MoneyTransferFailed { transfer_id, reason });
        append(&mut transaction, vec![NewEvent::new(&event, &id, Some(&id), &headers.causation_id)?]).await?;
        tracing::info!(transfer_id = id, "money transfer failed");
    }
    transaction.commit().await?;
    Ok(Json(transfer))
}

fn failed(transfer: Transfer, status: TransferStatus, reason: String) -> Transfer {
    Transfer { status, reason: Some(reason), updated_at: now(), ..transfer }
}
