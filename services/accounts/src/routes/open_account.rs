//! `POST /commands/open-account`: opens an account.

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use messages::{
    AccountId, Problem,
    accounts::{Account, AccountOpened, AccountStatus, Event, MAX_OWNER, OpenAccount},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, append, new_id, now};

use super::limits::{broken, short};
use crate::{domain::Refusal, store};

type Answer = (StatusCode, [(HeaderName, String); 1], Json<Account>);

/// Opens an account. The same id with the same content again answers the account as it is now.
#[utoipa::path(
    post,
    path = "/commands/open-account",
    tag = "commands",
    request_body = OpenAccount,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "Becomes the `correlationid` of the event"),
        ("x-causation-id" = Option<String>, Header, description = "Becomes the `causationid` of the event"),
    ),
    responses(
        (status = 201, description = "Opened", body = Account, headers(("location" = String))),
        (status = 200, description = "It was opened before", body = Account, headers(("location" = String))),
        (status = 409, description = "account-exists", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn open_account(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<OpenAccount>,
) -> Result<Answer, ApiError> {
    if body.initial_balance.minor < 0 {
        return Err(broken("initial_balance must not be less than zero"));
    }
    short("owner", body.owner.as_deref().unwrap_or_default(), MAX_OWNER)?;
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "open-account", &body).await?;
    if let Some(earlier) = key.earlier()? {
        return Ok(answer(earlier.status, earlier.response));
    }
    let new = account(body)?;
    if store::insert_account(&transaction, &new).await? {
        key.keep(&transaction, StatusCode::CREATED, &new).await?;
        let opened = AccountOpened { account_id: new.account_id.clone(), initial_balance: new.balance };
        let (subject, correlation) = (new.account_id.as_str(), headers.correlation_id.as_deref());
        let event = NewEvent::new(&Event::AccountOpened(opened), subject, correlation, &headers.causation_id)?;
        append(&mut transaction, vec![event]).await?;
        transaction.commit().await?;
        return Ok(answer(StatusCode::CREATED, new));
    }
    let existing = store::lock_opened(&transaction, &new.account_id).await?;
    let (existing, initial_balance) = existing.ok_or(Refusal::AccountNotFound)?;
    if (&existing.owner, initial_balance) != (&new.owner, new.balance) {
        return Err(Refusal::AccountExists.into());
    }
    key.keep(&transaction, StatusCode::OK, &existing).await?;
    transaction.commit().await?;
    Ok(answer(StatusCode::OK, existing))
}

fn account(body: OpenAccount) -> Result<Account, ApiError> {
    let account_id = match body.account_id {
        Some(id) => id,
        None => AccountId::try_from(new_id()).map_err(ApiError::internal)?,
    };
    Ok(Account {
        account_id,
        owner: body.owner,
        balance: body.initial_balance,
        status: AccountStatus::Open,
        opened_at: now(),
    })
}

fn answer(status: StatusCode, account: Account) -> Answer {
    let location = format!("/accounts/{}", account.account_id);
    (status, [(header::LOCATION, location)], Json(account))
}
