//! `POST /commands/register-customer`: registers a customer.

use messages::{
    CustomerId,
    contracts::{Customer, CustomerRegistered, Event, RegisterCustomer},
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, new_id};

use crate::{domain::Refusal, store};

/// Registers a customer. The same id with the same first rating again answers the customer as it is now.
#[utoipa::path(
    post,
    path = "/commands/register-customer",
    tag = "commands",
    request_body = RegisterCustomer,
    params(CommandHeaders),
    responses(
        (status = 201, description = "Registered", body = Customer, headers(("location" = String))),
        (status = 200, description = "It was registered before", body = Customer, headers(("location" = String))),
        (status = 409, description = "customer-exists"),
        CommandProblems,
    )
)]
pub(super) async fn register_customer(command: Command<RegisterCustomer>) -> Result<Answer<Customer>, ApiError> {
    let answer = command.run("register-customer", async |tx, body| {
        let new = customer(body)?;
        if store::insert_customer(tx, &new).await? {
            let registered =
                CustomerRegistered { customer_id: new.customer_id.clone(), credit_rating: new.credit_rating };
            tx.record(new.customer_id.as_str(), &Event::CustomerRegistered(registered))?;
            return Ok(Done::created(new));
        }
        let existing = store::lock_registered(tx, &new.customer_id).await?;
        let (existing, first_rating) = existing.ok_or(Refusal::CustomerNotFound)?;
        if first_rating != new.credit_rating {
            return Err(Refusal::CustomerExists.into());
        }
        Ok(Done::ok(existing))
    });
    Ok(answer.await?.located(|customer| format!("/customers/{}", customer.customer_id)))
}

fn customer(body: RegisterCustomer) -> Result<Customer, ApiError> {
    let customer_id = match body.customer_id {
        Some(id) => id,
        None => CustomerId::try_from(new_id()).map_err(ApiError::internal)?,
    };
    Ok(Customer { customer_id, credit_rating: body.credit_rating, credit_change_id: None })
}
