//! Commands that change one contract.

use messages::{
    ContractId,
    contracts::{Contract, ContractOfChange, OneContract},
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, CommandTransaction, Done, now};

use crate::{
    domain::{Effect, Held, Refusal},
    store,
};

/// Makes a contract pending under a change of its customer's credit rating. A contract that this change or a newer one has
/// revoked stays as it is.
#[utoipa::path(
    post,
    path = "/commands/revoke-customer-contract",
    tag = "commands",
    request_body = ContractOfChange,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The contract", body = Contract),
        (status = 404, description = "contract-not-found, credit-change-not-found"),
        (status = 409, description = "contract-terminated, contract-not-affected"),
        CommandProblems,
    )
)]
pub(super) async fn revoke_customer_contract(command: Command<ContractOfChange>) -> Result<Answer<Contract>, ApiError> {
    let answer = command.run("revoke-customer-contract", async |tx, body| {
        let held = lock(tx, &body.contract_id).await?;
        let change = store::find_change(tx, &body.credit_change_id).await?.ok_or(Refusal::CreditChangeNotFound)?;
        let effect = held.revoke(&change, now())?;
        carry_out(tx, &held, effect).await
    });
    answer.await
}

/// Makes a contract active again that this change has revoked and that is not confirmed. A contract that the change has not
/// revoked yet stays as it is, and the change cannot revoke it any more.
#[utoipa::path(
    post,
    path = "/commands/reinstate-contract",
    tag = "commands",
    request_body = ContractOfChange,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The contract", body = Contract),
        (status = 404, description = "contract-not-found"),
        CommandProblems,
    )
)]
pub(super) async fn reinstate_contract(command: Command<ContractOfChange>) -> Result<Answer<Contract>, ApiError> {
    let answer = command.run("reinstate-contract", async |tx, body| {
        let held = lock(tx, &body.contract_id).await?;
        // A change that never existed has changed nothing that could be taken back.
        let Some(change) = store::find_change(tx, &body.credit_change_id).await? else {
            return Ok(Done::ok(held.contract));
        };
        let effect = held.reinstate(&change, now());
        carry_out(tx, &held, effect).await
    });
    answer.await
}

/// Signs a contract that was revoked. It then waits for its confirmation.
#[utoipa::path(
    post,
    path = "/commands/sign-contract",
    tag = "commands",
    request_body = OneContract,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The contract is signed", body = Contract),
        (status = 404, description = "contract-not-found"),
        (status = 409, description = "contract-not-pending, contract-terminated"),
        CommandProblems,
    )
)]
pub(super) async fn sign_contract(command: Command<OneContract>) -> Result<Answer<Contract>, ApiError> {
    let answer = command.run("sign-contract", async |tx, body| {
        let held = lock(tx, &body.contract_id).await?;
        let effect = held.sign(now())?;
        carry_out(tx, &held, effect).await
    });
    answer.await
}

/// Confirms a contract that was signed. It is in force again.
#[utoipa::path(
    post,
    path = "/commands/reconfirm-contract",
    tag = "commands",
    request_body = OneContract,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The contract is active", body = Contract),
        (status = 404, description = "contract-not-found"),
        (status = 409, description = "contract-not-signed, contract-terminated"),
        CommandProblems,
    )
)]
pub(super) async fn reconfirm_contract(command: Command<OneContract>) -> Result<Answer<Contract>, ApiError> {
    let answer = command.run("reconfirm-contract", async |tx, body| {
        let held = lock(tx, &body.contract_id).await?;
        let effect = held.reconfirm(now())?;
        carry_out(tx, &held, effect).await
    });
    answer.await
}

/// Ends a contract, whatever its status.
#[utoipa::path(
    post,
    path = "/commands/terminate-contract",
    tag = "commands",
    request_body = OneContract,
    params(CommandHeaders),
    responses(
        (status = 200, description = "The contract is terminated", body = Contract),
        (status = 404, description = "contract-not-found"),
        CommandProblems,
    )
)]
pub(super) async fn terminate_contract(command: Command<OneContract>) -> Result<Answer<Contract>, ApiError> {
    let answer = command.run("terminate-contract", async |tx, body| {
        let held = lock(tx, &body.contract_id).await?;
        let effect = held.terminate(now());
        carry_out(tx, &held, effect).await
    });
    answer.await
}

async fn lock(tx: &CommandTransaction, id: &ContractId) -> Result<Held, ApiError> {
    Ok(store::lock_contract(tx, id).await?.ok_or(Refusal::ContractNotFound)?)
}

/// Writes the effect and records its event.
async fn carry_out(tx: &mut CommandTransaction, before: &Held, effect: Effect) -> Result<Done<Contract>, ApiError> {
    let Effect { after, event } = effect;
    if after != *before {
        store::update_contract(tx, &after).await?;
    }
    let contract = after.contract;
    if let Some(event) = event {
        tx.record(contract.contract_id.as_str(), &event)?;
    }
    Ok(Done::ok(contract))
}
