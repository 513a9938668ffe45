//! `POST /commands/close-account`: closes an account.

use axum::{extract::State, http::StatusCode};
use messages::{
    Problem,
    accounts::{Account, AccountClosed, AccountStatus, CloseAccount, Event},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, append};

use crate::{domain::Refusal, store};

/// Closes an account, whatever its balance. From then on it takes no withdrawal, and no deposit but a refund: money that
/// was in flight must be able to go back. Closed again it stays closed.
#[utoipa::path(
    post,
    path = "/commands/close-account",
    tag = "commands",
    request_body = CloseAccount,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "Becomes the `correlationid` of the event"),
        ("x-causation-id" = Option<String>, Header, description = "Becomes the `causationid` of the event"),
    ),
    responses(
        (status = 200, description = "The account is closed", body = Account),
        (status = 404, description = "account-not-found", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn close_account(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<CloseAccount>,
) -> Result<Json<Account>, ApiError> {
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "close-account", &body).await?;
    let account = store::lock_account(&transaction, &body.account_id).await?.ok_or(Refusal::AccountNotFound)?;
    if let Some(earlier) = key.earlier()? {
        return Ok(Json(earlier.response));
    }
    let was_open = account.status == AccountStatus::Open;
    let closed = Account { status: AccountStatus::Closed, ..account };
    key.keep(&transaction, StatusCode::OK, &closed).await?;
    if was_open {
        store::close_account(&transaction, &closed.account_id).await?;
        let event = Event::AccountClosed(AccountClosed { account_id: closed.account_id.clone() });
        let (subject, correlation) = (closed.account_id.as_str(), headers.correlation_id.as_deref());
        let event = NewEvent::new(&event, subject, correlation, &headers.causation_id)?;
        append(&mut transaction, vec![event]).await?;
        tracing::info!(account_id = %closed.account_id, "account closed");
    }
    transaction.commit().await?;
    Ok(Json(closed))
}
