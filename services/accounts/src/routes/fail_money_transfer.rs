//! `POST /commands/fail-money-transfer`: gives up a transfer.

use messages::accounts::{Event, FailMoneyTransfer, MAX_REASON, MoneyTransferFailed, Transfer};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, now};

use super::short;
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
    params(CommandHeaders),
    responses(
        (status = 200, description = "The transfer has failed", body = Transfer),
        (status = 404, description = "transfer-not-found"),
        (status = 409, description = "already-withdrawn"),
        CommandProblems,
    )
)]
pub(super) async fn fail_money_transfer(command: Command<FailMoneyTransfer>) -> Result<Answer<Transfer>, ApiError> {
    short("reason", &command.body.reason, MAX_REASON)?;
    command.correlate(command.body.transfer_id.as_str());
    let answer = command.run_by_state("fail-money-transfer", async |tx, body| {
        let transfer = store::lock_transfer(tx, &body.transfer_id).await?.ok_or(Refusal::TransferNotFound)?;
        let effect = decide_fail(transfer.status)?;
        if let Some(answer) = tx.earlier()? {
            return Ok(Done::Repeated(answer));
        }
        let Effect::Become(status) = effect else { return Ok(Done::ok(transfer)) };
        let FailMoneyTransfer { transfer_id, reason } = body;
        let failed = Transfer { status, reason: Some(reason.clone()), updated_at: now(), ..transfer };
        store::set_status(tx, &transfer_id, status, Some(&reason), failed.updated_at).await?;
        let id = transfer_id.to_string();
        let event = Event::MoneyTransferFailed(MoneyTransferFailed { transfer_id, reason });
        tx.record_in_process(&id, &id, &event)?;
        tracing::info!(transfer_id = id, "money transfer failed");
        Ok(Done::ok(failed))
    });
    answer.await
}
