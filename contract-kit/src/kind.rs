//! The four services.

use std::fmt;

use messages::{accounts, billing, contracts, reports};
use serde_json::Value;

/// A service of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Issues documents, and voids them.
    Billing,
    /// Adds up documents.
    Reports,
    /// Keeps balances.
    Accounts,
    /// Keeps credit ratings and contracts.
    Contracts,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Billing, Self::Reports, Self::Accounts, Self::Contracts];

    /// Returns its name, as in `--billing`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::Reports => "reports",
            Self::Accounts => "accounts",
            Self::Contracts => "contracts",
        }
    }

    /// Returns the `source` of its events.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Billing => billing::SOURCE,
            Self::Reports => reports::SOURCE,
            Self::Accounts => accounts::SOURCE,
            Self::Contracts => contracts::SOURCE,
        }
    }

    /// Checks the data of an event of the contract. An event of another type may have any data.
    pub(crate) fn check_data(self, kind: &str, data: &Value) -> Result<(), String> {
        let tagged = serde_json::json!({"type": kind, "data": data});
        let read = match self {
            Self::Billing => serde_json::from_value::<billing::Event>(tagged).map(drop),
            Self::Reports => serde_json::from_value::<reports::Event>(tagged).map(drop),
            Self::Accounts => serde_json::from_value::<accounts::Event>(tagged).map(drop),
            Self::Contracts => serde_json::from_value::<contracts::Event>(tagged).map(drop),
        };
        match read {
            Err(error) if !error.to_string().starts_with("unknown variant `") => Err(error.to_string()),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
