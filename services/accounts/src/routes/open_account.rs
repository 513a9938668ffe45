//! `POST /commands/open-account`: opens an account.

use messages::{
    AccountId,
    accounts::{Account, AccountOpened, AccountStatus, Event, MAX_OWNER, OpenAccount},
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, invalid_body, new_id, now};

use super::short;
use crate::{domain::Refusal, store};

/// Opens an account. The same id with the same content again answers the account as it is now.
#[utoipa::path(
    post,
    path = "/commands/open-account",
    tag = "commands",
    request_body = OpenAccount,
    params(CommandHeaders),
    responses(
        (status = 201, description = "Opened", body = Account, headers(("location" = String))),
        (status = 200, description = "It was opened before", body = Account, headers(("location" = String))),
        (status = 409, description = "account-exists"),
        CommandProblems,
    )
)]
pub(super) async fn open_account(command: Command<OpenAccount>) -> Result<Answer<Account>, ApiError> {
    if command.body.initial_balance.minor < 0 {
        return Err(invalid_body("initial_balance must not be less than zero"));
    }
    short("owner", command.body.owner.as_deref().unwrap_or_default(), MAX_OWNER)?;
    let answer = command.run("open-account", async |tx, body| {
        let new = account(body)?;
        if store::insert_account(tx, &new).await? {
            let opened = AccountOpened { account_id: new.account_id.clone(), initial_balance: new.balance };
            tx.record(new.account_id.as_str(), &Event::AccountOpened(opened))?;
            return Ok(Done::created(new));
        }
        let existing = store::lock_opened(tx, &new.account_id).await?;
        let (existing, initial_balance) = existing.ok_or(Refusal::AccountNotFound)?;
        if (&existing.owner, initial_balance) != (&new.owner, new.balance) {
            return Err(Refusal::AccountExists.into());
        }
        Ok(Done::ok(existing))
    });
    Ok(answer.await?.located(|account| format!("/accounts/{}", account.account_id)))
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
