//! The client for credit changes and the confirmations of contracts, which the api and the console share.
//!
//! A credit change has three sources: its process knows its state, its batch knows its speed and what was refused, and
//! Contracts knows where each contract is. No number is kept here.

mod affected;
mod change;
mod confirmation;
mod error;
mod steer;
mod view;

use messages::contracts::{ChangeCustomerCreditRating, CreditRatingChanged};
use process_manager_client::http::{CommandClient, Envelope};
use process_manager_host::operator::{Batches, Instances, Operator};
use workflows::{contract_confirmation::ContractConfirmation as ConfirmationProcess, credit_change::CreditChange};

pub use self::{
    affected::{AffectedContract, AffectedPage, AffectedStatus, AffectedToken},
    change::{CreditChangeProcess, Found},
    confirmation::{ConfirmationStep, ContractConfirmation, ContractConfirmationState},
    error::ContractsError,
    steer::{NewLimits, Steer},
    view::{BatchLimits, ChangeIncident, CreditChangeState, CreditChangeView},
};

/// The client that reads, starts and steers credit changes. Clones share its connections.
#[derive(Debug, Clone)]
pub struct ContractsClient {
    changes: Instances,
    confirmations: Instances,
    batches: Batches,
    contracts: CommandClient,
}

impl ContractsClient {
    /// Creates a client for the processes of a Temporal namespace, and for Contracts.
    #[must_use]
    pub fn new(operator: &Operator, contracts: CommandClient) -> Self {
        Self {
            changes: operator.instances::<CreditChange>(),
            confirmations: operator.instances::<ConfirmationProcess>(),
            batches: operator.batches(),
            contracts,
        }
    }

    /// Returns the CreditChange processes.
    #[must_use]
    pub fn changes(&self) -> &Instances {
        &self.changes
    }

    /// Returns the ContractConfirmation processes.
    #[must_use]
    pub fn confirmations(&self) -> &Instances {
        &self.confirmations
    }

    /// Returns the client of Contracts.
    #[must_use]
    pub fn contracts(&self) -> &CommandClient {
        &self.contracts
    }

    /// Changes a customer's credit rating, and returns the credit change that serves it. Its process begins as soon as
    /// the worker has read the event.
    ///
    /// # Errors
    /// Returns [`ContractsError::Refused`] if Contracts refuses, [`ContractsError::Contracts`] if it is unavailable. In
    /// the second case the rating may have been changed; to find out, repeat the call with the same idempotency key.
    pub async fn change_rating(
        &self,
        command: &ChangeCustomerCreditRating,
        envelope: &Envelope,
    ) -> Result<CreditChangeView, ContractsError> {
        let path = "/commands/change-customer-credit-rating";
        let changed: CreditRatingChanged = self.contracts.send(path, command, envelope).await?;
        // The rating has been changed, whatever is known of the process now.
        let found = match self.credit_change(&changed.customer_id).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a credit change cannot be read yet");
                None
            }
        };
        Ok(found.map_or_else(|| CreditChangeView::requested(changed), |found| found.view))
    }
}
