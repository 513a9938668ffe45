//! Helpers for tests of credit changes.

use messages::{
    ContractId, CreditChangeId, CustomerId,
    contracts::{ContractStatus, CreditRating},
};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;

use super::Env;
use crate::{attribute, calls::until_answered, eventually, json_payload, sample};

/// Returns the workflow id of a customer's credit change.
fn credit_change_workflow_id(customer: &CustomerId) -> String {
    format!("CreditChange-{customer}")
}

impl Env {
    /// Creates a customer with this many contracts.
    ///
    /// # Panics
    /// Panics if Contracts refuses one of these commands.
    pub async fn customer_with_contracts(&self, contracts: usize) -> (CustomerId, Vec<ContractId>) {
        let customer = sample::customer_id();
        let _ = self.contracts().register(&customer, CreditRating::A).await.ok_as(201);
        let ids: Vec<_> = (0..contracts).map(|_| sample::contract_id()).collect();
        for id in &ids {
            let _ = until_answered(async || self.contracts().open(id, &customer).await).await.ok_as(201);
        }
        (customer, ids)
    }

    /// Changes the customer's credit rating.
    ///
    /// # Panics
    /// Panics if Contracts refuses it.
    pub async fn change_rating(&self, customer: &CustomerId, rating: CreditRating) -> CreditChangeId {
        self.contracts().change_rating(customer, rating).await.ok_as(202).credit_change_id
    }

    /// Waits until the contract has this status and this change has touched it last.
    pub async fn contract_becomes(&self, id: &ContractId, status: ContractStatus, change: &CreditChangeId) {
        eventually(&format!("{id} is {status:?}"), async || {
            let contract = until_answered(async || self.contracts().contract(id).await).await.ok();
            let is_so = contract.status == status && contract.credit_change_id.as_ref() == Some(change);
            if is_so { Ok(()) } else { Err(contract) }
        })
        .await;
    }

    /// Waits until the process of the customer's credit change waits and is as wanted.
    pub async fn credit_change_becomes(
        &self,
        customer: &CustomerId,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually(what, async || {
            let view: Value = self.temporal().query_by_id(&credit_change_workflow_id(customer), "state").await?;
            if wanted(&view["state"]) { Ok(view["state"].clone()) } else { Err(view.to_string()) }
        })
        .await
    }

    /// Waits until the process of the customer's credit change has completed with this outcome.
    pub async fn credit_change_ends(&self, customer: &CustomerId, outcome: &str) {
        eventually(&format!("the credit change of {customer} is {outcome}"), async || {
            let run = self.temporal().describe_by_id(&credit_change_workflow_id(customer)).await;
            let run = run.ok_or("it does not run")?;
            let ended = run.status() == WorkflowExecutionStatus::Completed && attribute(&run, "Outcome") == outcome;
            if ended { Ok(()) } else { Err(format!("{run:?}")) }
        })
        .await;
    }

    /// Tells the process to cancel the change.
    ///
    /// # Panics
    /// Panics if it does not run.
    pub async fn cancel_credit_change(&self, customer: &CustomerId) {
        let payload = json_payload(&json!({"type": "Cancel"}));
        let id = credit_change_workflow_id(customer);
        self.temporal().signal_by_id(&id, "instruct", vec![payload]).await.expect("a credit change that runs");
    }
}
