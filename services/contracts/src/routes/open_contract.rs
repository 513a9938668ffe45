//! `POST /commands/open-contract`: opens a contract.

use messages::{
    ContractId,
    contracts::{Contract, ContractEvent, ContractStatus, Event, OpenContract},
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, new_id, now};

use crate::{
    domain::{Held, Refusal},
    store,
};

/// Opens a contract. The same id with the same customer again answers the contract as it is now.
#[utoipa::path(
    post,
    path = "/commands/open-contract",
    tag = "commands",
    request_body = OpenContract,
    params(CommandHeaders),
    responses(
        (status = 201, description = "Opened", body = Contract, headers(("location" = String))),
        (status = 200, description = "It was opened before", body = Contract, headers(("location" = String))),
        (status = 404, description = "customer-not-found"),
        (status = 409, description = "contract-exists"),
        CommandProblems,
    )
)]
pub(super) async fn open_contract(command: Command<OpenContract>) -> Result<Answer<Contract>, ApiError> {
    let answer = command.run("open-contract", async |tx, body| {
        let new = held(body)?;
        let contract = &new.contract;
        // The lock ensures that the insertion below refers to an existing customer.
        store::lock_customer(tx, &contract.customer_id).await?.ok_or(Refusal::CustomerNotFound)?;
        if !store::insert_contract(tx, &new).await? {
            let existing = store::lock_contract(tx, &contract.contract_id).await?.ok_or(Refusal::ContractNotFound)?;
            if existing.contract.customer_id != contract.customer_id {
                return Err(Refusal::ContractExists.into());
            }
            return Ok(Done::ok(existing.contract));
        }
        let position = tx.next_position().await?;
        store::set_opened_position(tx, &contract.contract_id, position).await?;
        let opened = ContractEvent {
            contract_id: contract.contract_id.clone(),
            customer_id: contract.customer_id.clone(),
            credit_change_id: None,
        };
        tx.record(contract.contract_id.as_str(), &Event::ContractOpened(opened))?;
        Ok(Done::created(new.contract))
    });
    Ok(answer.await?.located(|contract| format!("/contracts/{}", contract.contract_id)))
}

fn held(body: OpenContract) -> Result<Held, ApiError> {
    let contract_id = match body.contract_id {
        Some(id) => id,
        None => ContractId::try_from(new_id()).map_err(ApiError::internal)?,
    };
    let contract = Contract {
        contract_id,
        customer_id: body.customer_id,
        status: ContractStatus::Active,
        credit_change_id: None,
        opened_at: now(),
        revoked_at: None,
        signed_at: None,
        confirmed_at: None,
        reinstated_at: None,
        terminated_at: None,
    };
    Ok(Held { contract, opened_position: 0, change_position: None })
}
