//! The batches of a credit change: a command for each contract of the customer.

use messages::{
    ContractId, CreditChangeId, CustomerId, Position,
    contracts::{Command, ContractOfChange, CustomerCreditRatingChanged},
};
use process_manager::{
    batch::{Batch, CancelBatch, Limits, StartBatch},
    manager::Refusal,
};
use serde::{Deserialize, Serialize};

use super::CreditChange;

/// The contracts that a change of the credit rating affects: those of the customer that were opened before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedContracts {
    /// The customer.
    pub customer_id: CustomerId,
    /// The change.
    pub credit_change_id: CreditChangeId,
    /// The position of its event.
    pub opened_up_to: Position,
}

impl AffectedContracts {
    fn of(&self, contract_id: &ContractId) -> ContractOfChange {
        ContractOfChange { contract_id: contract_id.clone(), credit_change_id: self.credit_change_id.clone() }
    }
}

/// Revokes the contracts; each is reinstated when it is cancelled.
#[derive(Debug)]
pub struct RevokeContracts;

impl Batch for RevokeContracts {
    const NAME: &'static str = "RevokeCustomerContracts";
    type Input = AffectedContracts;
    type Item = ContractId;
    type Command = Command;

    fn item_id(contract_id: &ContractId) -> String {
        contract_id.to_string()
    }

    fn command(affected: &AffectedContracts, contract_id: &ContractId) -> Command {
        Command::RevokeCustomerContract(affected.of(contract_id))
    }

    fn undo(affected: &AffectedContracts, contract_id: &ContractId) -> Option<Command> {
        Some(Command::ReinstateContract(affected.of(contract_id)))
    }

    /// A contract that was terminated meanwhile has nothing to be revoked.
    fn is_settled(refusal: &Refusal) -> bool {
        refusal.code == messages::code::CONTRACT_TERMINATED
    }

    fn limits() -> Limits {
        Limits::default().in_flight(20)
    }
}

/// Reinstates the contracts that were revoked and have not been confirmed.
#[derive(Debug)]
pub struct ReinstateContracts;

impl Batch for ReinstateContracts {
    const NAME: &'static str = "ReinstateCustomerContracts";
    type Input = AffectedContracts;
    type Item = ContractId;
    type Command = Command;

    fn item_id(contract_id: &ContractId) -> String {
        contract_id.to_string()
    }

    fn command(affected: &AffectedContracts, contract_id: &ContractId) -> Command {
        Command::ReinstateContract(affected.of(contract_id))
    }

    fn limits() -> Limits {
        RevokeContracts::limits()
    }
}

impl CreditChange {
    /// Starts a batch for the change that is served.
    pub(super) fn start<B: Batch<Input = AffectedContracts>>(&self) -> Result<super::Command, serde_json::Error> {
        let Some(change) = &self.change else { return Err(serde::de::Error::custom("there is no change")) };
        self.start_for::<B>(change, &change.credit_change_id)
    }

    fn start_for<B: Batch<Input = AffectedContracts>>(
        &self,
        change: &CustomerCreditRatingChanged,
        id: &CreditChangeId,
    ) -> Result<super::Command, serde_json::Error> {
        let (customer_id, credit_change_id) = (change.customer_id.clone(), id.clone());
        let affected = AffectedContracts { customer_id, credit_change_id, opened_up_to: self.position };
        StartBatch::new::<B>(id.as_str(), &affected).map(super::Command::StartBatch)
    }

    /// Reinstates what older changes have revoked and this one has not reached.
    pub(super) fn reinstate_older(&self) -> Result<Vec<super::Command>, serde_json::Error> {
        let Some(change) = &self.change else { return Ok(Vec::new()) };
        let older = self.served.iter().filter(|id| **id != change.credit_change_id);
        older.map(|id| self.start_for::<ReinstateContracts>(change, id)).collect()
    }

    /// Ends a batch of the change that is served, where there is one.
    pub(super) fn end(&self, name: &str, undo: bool) -> Option<super::Command> {
        let id = self.change.as_ref()?.credit_change_id.to_string();
        Some(super::Command::CancelBatch(CancelBatch { name: name.to_owned(), id, undo }))
    }
}
