//! The client for credit changes and the confirmations of contracts, which the api and the console share.
//!
//! A credit change is told from three sides: its process says where it stands, its batch how fast it goes and what was
//! refused, and Contracts where each contract is. No number is kept here.

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

/// Reads, starts and steers credit changes. Clones share their connections.
#[derive(Debug, Clone)]
pub struct ContractsClient {
    changes: Instances,
    confirmations: Instances,
    batches: Batches,
    contracts: CommandClient,
}

impl ContractsClient {
    /// A client for the processes of a Temporal namespace, and for Contracts.
    #[must_use]
    pub fn new(operator: &Operator, contracts: CommandClient) -> Self {
        Self {
            changes: operator.instances::<CreditChange>(),
            confirmations: operator.instances::<ConfirmationProcess>(),
            batches: operator.batches(),
            contracts,
        }
    }

    /// The processes CreditChange.
    #[must_use]
    pub fn changes(&self) -> &Instances {
        &self.changes
    }

    /// The processes ContractConfirmation.
    #[must_use]
    pub fn confirmations(&self) -> &Instances {
        &self.confirmations
    }

    /// Contracts itself.
    #[must_use]
    pub fn contracts(&self) -> &CommandClient {
        &self.contracts
    }

    /// Changes a customer's credit rating, and returns the credit change that serves it. Its process begins as soon as the
    /// worker has read the event.
    ///
    /// # Errors
    /// [`ContractsError::Refused`] where Contracts refuses; [`ContractsError::Contracts`] where it is unavailable: then the
    /// rating may have been changed, and the same idempotency key tells.
    pub async fn change_rating(
        &self,
        command: &ChangeCustomerCreditRating,
        envelope: &Envelope,
    ) -> Result<CreditChangeView, ContractsError> {
        let path = "/commands/change-customer-credit-rating";
        let changed: CreditRatingChanged = self.contracts.send(path, command, envelope).await?;
        // The rating is changed, whatever can be told of the process now.
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
