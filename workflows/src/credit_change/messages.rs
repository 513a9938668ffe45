//! The events, commands and states of a credit change.

use messages::{
    CreditChangeId,
    contracts::{self, CustomerCreditRatingChanged},
};
use process_manager::batch::{CancelBatch, Progress, StartBatch};
use serde::{Deserialize, Serialize};

/// What a credit change receives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// From Contracts: the customer has another credit rating.
    CustomerCreditRatingChanged(CustomerCreditRatingChanged),
    /// From its batch: the progress.
    BatchProgressed(Progress),
    /// From its batch: it has ended.
    BatchEnded(Progress),
    /// The answer to [`Command::CountContracts`].
    ContractsCounted(contracts::CreditChange),
    /// Instruction: reinstate the contracts that are not confirmed yet.
    Cancel,
}

/// The commands of a credit change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Command {
    /// Starts a batch.
    StartBatch(StartBatch),
    /// Ends a batch where it is.
    CancelBatch(CancelBatch),
    /// Asks Contracts how many contracts of the change are in which status.
    CountContracts(CountContracts),
}

/// Data of [`Command::CountContracts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountContracts {
    /// The change.
    pub credit_change_id: CreditChangeId,
}

/// The state of a credit change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The contracts are being revoked.
    #[default]
    Revoking,
    /// They are revoked, and each waits for its confirmation.
    AwaitingConfirmations,
    /// They are being reinstated.
    Cancelling,
}
