//! The batches of a credit change: a command for each contract of the customer.

use messages::{
    ContractId, CreditChangeId, CustomerId, Position,
    contracts::{Command, ContractOfChange},
};
use process_manager::{
    batch::{Batch, Limits},
    manager::Refusal,
};
use serde::{Deserialize, Serialize};

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
