//! `POST /commands/remind-customer`: reminds a customer of a contract.

use messages::contracts::{Contract, CustomerReminded, Event, RemindCustomer};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, invalid_body};

use crate::{domain::Refusal, store};

/// Reminds the customer of a contract that waits to be signed or confirmed. Each number takes effect once.
#[utoipa::path(
    post,
    path = "/commands/remind-customer",
    tag = "commands",
    request_body = RemindCustomer,
    params(CommandHeaders),
    responses(
        (status = 200, description = "Reminded, now or before", body = Contract),
        (status = 404, description = "contract-not-found, credit-change-not-found"),
        (status = 409, description = "contract-not-pending"),
        CommandProblems,
    )
)]
pub(super) async fn remind_customer(command: Command<RemindCustomer>) -> Result<Answer<Contract>, ApiError> {
    if command.body.reminder == 0 {
        return Err(invalid_body("reminder must be 1 or more"));
    }
    let answer = command.run("remind-customer", async |tx, body| {
        let held = store::lock_contract(tx, &body.contract_id).await?.ok_or(Refusal::ContractNotFound)?;
        let change = store::find_change(tx, &body.credit_change_id).await?.ok_or(Refusal::CreditChangeNotFound)?;
        held.check_reminder(&change)?;
        if store::insert_reminder(tx, &body).await? {
            let RemindCustomer { contract_id, credit_change_id, reminder } = body;
            let customer_id = held.contract.customer_id.clone();
            let subject = contract_id.to_string();
            let reminded = CustomerReminded { contract_id, customer_id, credit_change_id, reminder };
            tx.record(&subject, &Event::CustomerReminded(reminded))?;
        }
        Ok(Done::ok(held.contract))
    });
    answer.await
}
