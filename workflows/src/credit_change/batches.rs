//! The batches of a credit change: a command for each contract of the customer.

use messages::{
    ContractId, CreditChangeId, CustomerId, Position,
    contracts::{Command, ContractOfChange, CustomerCreditRatingChanged},
};
use process_manager::{
    batch::{Batch, CancelBatch, Limits, StartBatch, workflow_id},
    manager::Refusal,
};
use serde::{Deserialize, Serialize};

use super::{CreditChange, Event, State};

/// The contracts that a change of the credit rating affects: those of the customer that were opened before the change.
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

/// Revokes the contracts. Cancelling the batch reinstates each of them.
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

    /// A contract that has been terminated meanwhile needs no revocation.
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
    /// Starts the batch that revokes, for the change that it serves.
    pub(super) fn revoke(&self, limits: Option<Limits>) -> Result<super::Command, serde_json::Error> {
        let Some(change) = &self.change else { return Err(serde::de::Error::custom("there is no change")) };
        let id = change.credit_change_id.as_str();
        let start = self.start_for::<RevokeContracts>(change, &change.credit_change_id, id)?;
        Ok(super::Command::StartBatch(StartBatch { limits: limits.unwrap_or(start.limits), ..start }))
    }

    /// Returns the limits of the batch under way, which an operator may have set, for the batch that takes its place.
    pub(super) fn limits_under_way(&self) -> Option<Limits> {
        let batch = self.batch.as_ref().filter(|_| self.state == State::Revoking)?;
        Some(batch.limits)
    }

    fn start_for<B: Batch<Input = AffectedContracts>>(
        &self,
        change: &CustomerCreditRatingChanged,
        of: &CreditChangeId,
        id: &str,
    ) -> Result<StartBatch, serde_json::Error> {
        let (customer_id, credit_change_id) = (change.customer_id.clone(), of.clone());
        let affected = AffectedContracts { customer_id, credit_change_id, opened_up_to: self.position };
        StartBatch::new::<B>(id, &affected)
    }

    /// Starts the batches that reinstate what these changes have revoked.
    pub(super) fn reinstate(&self, event: &Event) -> Result<Vec<super::Command>, serde_json::Error> {
        let Some(change) = &self.change else { return Ok(Vec::new()) };
        let start = |of| self.start_for::<ReinstateContracts>(change, of, &self.reinstating(of));
        self.to_reinstate(event).map(|of| start(of).map(super::Command::StartBatch)).collect()
    }

    /// Returns the id of the batch that reinstates what a change has revoked. An older change may already have had such
    /// a batch when it was itself cancelled; this one has another id.
    pub(super) fn reinstating(&self, of: &CreditChangeId) -> String {
        let newest = self.change.as_ref().map(|change| &change.credit_change_id).filter(|newest| *newest != of);
        newest.map_or_else(|| of.to_string(), |newest| format!("{of}-for-{newest}"))
    }

    /// Returns the changes whose contracts are to be reinstated now. They include older changes, whose contracts this
    /// one may not have reached. Their batches must have ended, because their commands in flight may take effect until
    /// then.
    pub(super) fn to_reinstate<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = &'a CreditChangeId> {
        let is_cancelling = self.state == State::Cancelling;
        self.served.iter().filter(move |of| {
            let is_own = self.change.as_ref().is_some_and(|change| change.credit_change_id == **of);
            let is_revoking = self.open.contains(&workflow_id(RevokeContracts::NAME, of.as_str()));
            match event {
                Event::Cancel => !is_cancelling && !is_revoking,
                Event::BatchEnded(ended) if ended.name != RevokeContracts::NAME => false,
                Event::BatchEnded(ended) if is_cancelling => ended.id == of.as_str() && !(is_own && ended.is_undone),
                Event::BatchEnded(ended) => !is_own && !is_revoking && self.is_own(ended) && ended.is_undone,
                _ => false,
            }
        })
    }

    /// Ends a batch of the change that it serves, if there is one.
    pub(super) fn end(&self, name: &str, undo: bool) -> Option<super::Command> {
        let id = self.change.as_ref()?.credit_change_id.to_string();
        Some(super::Command::CancelBatch(CancelBatch { name: name.to_owned(), id, undo }))
    }
}
