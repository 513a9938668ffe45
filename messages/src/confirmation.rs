//! The confirmation of a contract that was revoked: its events, its instructions and its state.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contracts::ContractEvent;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The times of confirmations. Each keeps those with which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmationTimes {
    /// Time between two reminders of the customer; 7 days by default.
    #[serde(with = "humantime_serde")]
    pub remind_every: Duration,
    /// Time from the revocation until the confirmation is overdue; 30 days by default.
    #[serde(with = "humantime_serde")]
    pub confirm_within: Duration,
}

impl Default for ConfirmationTimes {
    fn default() -> Self {
        Self { remind_every: 7 * DAY, confirm_within: 30 * DAY }
    }
}

/// Where a confirmation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmationState {
    /// The customer has to sign.
    AwaitingSignature,
    /// The signature has to be confirmed.
    AwaitingConfirmation,
}

/// A contract that was revoked, and waits to be signed and confirmed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The contract, and the change of the credit rating that has revoked it.
    #[serde(flatten)]
    pub contract: ContractEvent,
    /// Where it stands.
    pub state: ConfirmationState,
    /// Number of the reminders that were sent.
    pub reminders: u32,
    /// The deadline.
    pub due_at: DateTime<Utc>,
    /// Whether the deadline has passed.
    pub is_overdue: bool,
}

/// Instruction: moves the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtendDeadline {
    /// By how much, such as `7d`: counted from the deadline, or from now if it has passed.
    #[serde(with = "humantime_serde")]
    #[schema(value_type = String, example = "7d")]
    pub by: Duration,
}

/// The events of Contracts that a confirmation handles, and the instructions of operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ConfirmationEvent {
    /// The contract has to be signed and confirmed again.
    CustomerContractRevoked(ContractEvent),
    /// It was signed.
    ContractSigned(ContractEvent),
    /// It was confirmed.
    CustomerContractReconfirmed(ContractEvent),
    /// It is in force again without a confirmation.
    ContractReinstated(ContractEvent),
    /// It was ended.
    ContractTerminated(ContractEvent),
    /// Instruction: the deadline moves.
    ExtendDeadline(ExtendDeadline),
    /// Instruction: the customer is reminded now.
    RemindNow,
    /// Instruction: the contract ends.
    Terminate,
}
