//! Helpers for tests of contracts and their confirmations.

use messages::{
    CloudEvent, ContractId, CreditChangeId, CustomerId,
    confirmation::Confirmation,
    contracts::{ContractStatus, CreditRating},
};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;

use super::Env;
use crate::{attribute, confirmation_workflow_id, eventually, json_payload, sample};

/// A revoked contract.
#[derive(Debug, Clone)]
pub struct Revoked {
    /// The contract.
    pub contract: ContractId,
    /// Its customer.
    pub customer: CustomerId,
    /// The change of the credit rating that last revoked it.
    pub change: CreditChangeId,
}

impl Env {
    /// Creates a customer with a contract, changes the credit rating, and revokes the contract.
    ///
    /// # Panics
    /// Panics if Contracts refuses one of these commands.
    pub async fn revoked_contract(&self) -> Revoked {
        let (contract, customer) = (sample::contract_id(), sample::customer_id());
        let contracts = self.contracts();
        let _ = contracts.register(&customer, CreditRating::A).await.ok_as(201);
        let _ = contracts.open(&contract, &customer).await.ok_as(201);
        let change = self.revoke(&contract, &customer, CreditRating::B).await;
        Revoked { contract, customer, change }
    }

    /// Changes the customer's credit rating and revokes the contract by this change.
    ///
    /// # Panics
    /// Panics if Contracts refuses one of these commands.
    pub async fn revoke(&self, contract: &ContractId, customer: &CustomerId, rating: CreditRating) -> CreditChangeId {
        let change = self.contracts().change_rating(customer, rating).await.ok_as(202).credit_change_id;
        assert_eq!(self.contracts().revoke(contract, &change).await.ok().status, ContractStatus::Pending);
        change
    }

    /// Signs the contract and confirms it.
    ///
    /// # Panics
    /// Panics if Contracts refuses one of these commands.
    pub async fn sign_and_confirm(&self, contract: &ContractId) {
        assert_eq!(self.contracts().sign(contract).await.ok().status, ContractStatus::Signed);
        assert_eq!(self.contracts().reconfirm(contract).await.ok().status, ContractStatus::Active);
    }

    /// Waits until the confirmation of the contract waits for its next event and is as wanted.
    pub async fn confirmation_becomes(
        &self,
        id: &ContractId,
        what: &str,
        wanted: impl Fn(&Confirmation) -> bool,
    ) -> Confirmation {
        eventually(what, async || {
            let view = self.confirmation_view(id).await?;
            let confirmation: Option<Confirmation> = serde_json::from_value(view["state"].clone()).unwrap_or_default();
            match confirmation {
                Some(it) if view["status"] == "waiting" && wanted(&it) => Ok(it),
                _ => Err(view.to_string()),
            }
        })
        .await
    }

    /// Returns the confirmation's answer to the query `state`.
    ///
    /// # Errors
    /// Returns Temporal's answer if it is another one, such as that no worker runs.
    pub async fn confirmation_view(&self, id: &ContractId) -> Result<Value, String> {
        self.temporal().query_by_id(&confirmation_workflow_id(id), "state").await
    }

    /// Waits until the search attributes say that the confirmation needs an operator, or does not.
    pub async fn confirmation_needs_attention(&self, id: &ContractId, needed: bool) {
        eventually(&format!("{id} needs attention: {needed}"), async || {
            let run = self.temporal().describe_by_id(&confirmation_workflow_id(id)).await.ok_or("it does not run")?;
            let told = attribute(&run, "NeedsAttention") == json!(true);
            if told == needed { Ok(()) } else { Err(format!("{run:?}")) }
        })
        .await;
    }

    /// Sends an instruction to the confirmation, as the library's operator client does.
    ///
    /// # Panics
    /// Panics if it does not run.
    pub async fn instruct_confirmation(&self, id: &ContractId, kind: &str, data: Value) {
        let payload = json_payload(&json!({"type": kind, "data": data}));
        let sent = self.temporal().signal_by_id(&confirmation_workflow_id(id), "instruct", vec![payload]).await;
        sent.expect("a confirmation that runs");
    }

    /// Waits until the process of the confirmation has completed with this outcome.
    pub async fn confirmation_ends(&self, id: &ContractId, outcome: &str) {
        eventually(&format!("{id} is {outcome}"), async || {
            let run = self.temporal().describe_by_id(&confirmation_workflow_id(id)).await.ok_or("it does not run")?;
            let ended = run.status() == WorkflowExecutionStatus::Completed && attribute(&run, "Outcome") == outcome;
            if ended { Ok(()) } else { Err(format!("{run:?}")) }
        })
        .await;
    }

    /// Returns the events of one contract, in order.
    pub async fn contract_events(&self, id: &ContractId) -> Vec<CloudEvent> {
        self.contracts().log().await.into_iter().filter(|event| event.subject == id.as_str()).collect()
    }

    /// Returns the numbers of a contract's reminders under one change, in order.
    ///
    /// # Panics
    /// Panics if an event of Contracts has another form.
    pub async fn reminders(&self, revoked: &Revoked) -> Vec<u64> {
        let events = self.contract_events(&revoked.contract).await;
        let of_change = events.iter().filter(|event| {
            event.kind == "CustomerReminded" && event.data["credit_change_id"] == revoked.change.as_str()
        });
        of_change.map(|event| event.data["reminder"].as_u64().expect("a number")).collect()
    }

    /// Waits until the customer has been reminded this often, once with each number.
    ///
    /// # Panics
    /// Panics if a number is missing or comes twice.
    pub async fn reminded(&self, revoked: &Revoked, count: usize) {
        let numbers = eventually(&format!("{count} reminders"), async || {
            let numbers = self.reminders(revoked).await;
            if numbers.len() >= count { Ok(numbers) } else { Err(numbers) }
        })
        .await;
        assert!((1..).zip(&numbers).all(|(number, sent)| number == *sent), "{numbers:?}");
    }
}
