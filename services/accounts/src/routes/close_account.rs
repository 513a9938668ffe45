//! `POST /commands/close-account`: closes an account.

use messages::accounts::{Account, AccountClosed, AccountStatus, CloseAccount, Event};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done};

use crate::{domain::Refusal, store};

/// Closes an account, whatever its balance. From then on it takes no withdrawal, and no deposit but a refund: money that
/// was in flight must be able to go back. Closed again it stays closed.
#[utoipa::path(
    post,
    path = "/commands/close-account",
    tag = "commands",
    request_body = CloseAccount,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The account is closed", body = Account),
        (status = 404, description = "account-not-found"),
        CommandProblems,
    )
)]
pub(super) async fn close_account(command: Command<CloseAccount>) -> Result<Answer<Account>, ApiError> {
    let answer = command.run_by_state("close-account", async |tx, body| {
        let account = store::lock_account(tx, &body.account_id).await?.ok_or(Refusal::AccountNotFound)?;
        if let Some(answer) = tx.earlier()? {
            return Ok(Done::Repeated(answer));
        }
        let was_open = account.status == AccountStatus::Open;
        let closed = Account { status: AccountStatus::Closed, ..account };
        if was_open {
            store::close_account(tx, &closed.account_id).await?;
            let event = Event::AccountClosed(AccountClosed { account_id: closed.account_id.clone() });
            tx.record(closed.account_id.as_str(), &event)?;
            tracing::info!(account_id = %closed.account_id, "account closed");
        }
        Ok(Done::ok(closed))
    });
    answer.await
}
