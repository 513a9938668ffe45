//! The confirmation of a revoked contract: its events, its instructions and its state.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contracts::ContractEvent;

const DAY: u64 = 24 * 60 * 60;
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3_650 * DAY);

/// A period such as `7d` or `90s`, from a second to 3,650 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(Duration);

/// The text is not a [`Period`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be a time such as 7d, 12h or 90s, from 1s to 3650d")]
pub struct InvalidPeriod;

impl Period {
    const fn days(count: u64) -> Self {
        Self(Duration::from_secs(count * DAY))
    }

    /// Returns the period as a duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let duration = humantime::parse_duration(text).map_err(|_| InvalidPeriod)?;
        (SHORTEST..=LONGEST).contains(&duration).then_some(Self(duration)).ok_or(InvalidPeriod)
    }
}

impl TryFrom<String> for Period {
    type Error = InvalidPeriod;

    fn try_from(text: String) -> Result<Self, InvalidPeriod> {
        text.parse()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// The periods of confirmations. Each confirmation keeps those with which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmationTimes {
    /// Time between two reminders of the customer; 7 days by default.
    pub remind_every: Period,
    /// Time from the revocation until the confirmation is overdue; 30 days by default.
    pub confirm_within: Period,
}

impl Default for ConfirmationTimes {
    fn default() -> Self {
        Self { remind_every: Period::days(7), confirm_within: Period::days(30) }
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

/// A contract that was revoked and waits to be signed and confirmed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The contract, and the change of the credit rating that has revoked it.
    #[serde(flatten)]
    pub contract: ContractEvent,
    /// Its state.
    pub state: ConfirmationState,
    /// Number of reminders sent.
    pub reminders: u32,
    /// The deadline.
    pub due_at: DateTime<Utc>,
    /// Whether the deadline has passed.
    pub is_overdue: bool,
}

/// Instruction: moves the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtendDeadline {
    /// Extension, such as `7d`, counted from the deadline, or from now if the deadline has passed.
    #[schema(value_type = String, example = "7d")]
    pub by: Period,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_second_to_ten_years_and_comes_back_as_it_went() {
        for text in ["1s", "90s", "7d", "1day 12h", "30days", "3650d"] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string().parse(), Ok(period), "{text}");
        }
        for text in ["", "0s", "0", "7", "-7d", "999ms", "3651d", "99999999999999999999d", "soon", "7 d x"] {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod), "{text}");
        }
    }
}
