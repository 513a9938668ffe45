//! `POST /commands/change-customer-credit-rating`: changes a customer's credit rating.

use messages::{
    CreditChangeId,
    contracts::{
        ChangeCustomerCreditRating, ContractCounts, CreditChange, CreditRatingChanged, CustomerCreditRatingChanged,
        Event,
    },
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, new_id, now};

use crate::{domain::Refusal, store};

/// Changes a customer's credit rating. The customer's contracts stay as they are: a process manager revokes them.
#[utoipa::path(
    post,
    path = "/commands/change-customer-credit-rating",
    tag = "commands",
    request_body = ChangeCustomerCreditRating,
    params(CommandHeaders),
    responses(
        (status = 202, description = "Changed", body = CreditRatingChanged, headers(("location" = String))),
        (status = 404, description = "customer-not-found"),
        (status = 409, description = "credit-rating-unchanged"),
        CommandProblems,
    )
)]
pub(super) async fn change_customer_credit_rating(
    command: Command<ChangeCustomerCreditRating>,
) -> Result<Answer<CreditRatingChanged>, ApiError> {
    let answer = command.run("change-customer-credit-rating", async |tx, body| {
        let ChangeCustomerCreditRating { customer_id, credit_rating } = body;
        let customer = store::lock_customer(tx, &customer_id).await?.ok_or(Refusal::CustomerNotFound)?;
        if customer.credit_rating == credit_rating {
            return Err(Refusal::CreditRatingUnchanged.into());
        }
        let credit_change_id = CreditChangeId::try_from(new_id()).map_err(ApiError::internal)?;
        store::set_rating(tx, &customer_id, credit_rating, &credit_change_id).await?;
        let change = CreditChange {
            credit_change_id,
            customer_id,
            credit_rating,
            previous_credit_rating: customer.credit_rating,
            position: tx.next_position().await?,
            changed_at: now(),
            contracts: ContractCounts::default(),
        };
        store::insert_credit_change(tx, &change).await?;
        let CreditChange { credit_change_id, customer_id, previous_credit_rating, .. } = change;
        let answer = CreditRatingChanged {
            customer_id: customer_id.clone(),
            credit_rating,
            credit_change_id: credit_change_id.clone(),
        };
        let changed =
            CustomerCreditRatingChanged { customer_id, credit_change_id, credit_rating, previous_credit_rating };
        tx.record(answer.customer_id.as_str(), &Event::CustomerCreditRatingChanged(changed))?;
        tracing::info!(customer_id = %answer.customer_id, credit_change_id = %answer.credit_change_id, "credit rating changed");
        Ok(Done::accepted(answer))
    });
    Ok(answer.await?.located(|changed| format!("/credit-changes/{}", changed.credit_change_id)))
}
