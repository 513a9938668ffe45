//! Identifiers: 1–128 characters of `[A-Za-z0-9._-]`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In characters.
const MAX_LENGTH: usize = 128;

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {MAX_LENGTH} characters of A-Z, a-z, 0-9, '.', '_' and '-', and neither '.' nor '..'")]
pub struct InvalidId;

/// `.` and `..` are refused: every URL library rewrites them inside a path, so such a resource could not be reached.
fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > MAX_LENGTH || matches!(text, "." | "..") || !text.chars().all(allowed) {
        return Err(InvalidId);
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,128}$")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A document of Billing.
    DocumentId
}
id! {
    /// A customer; Billing and Reports know one by the same id.
    CustomerId
}
id! {
    /// One run of a process manager: the correlation id of its commands and of their events. Billing makes it, a UUIDv7.
    ProcessId
}
id! {
    /// A report of Reports.
    ReportId
}
id! {
    /// An account of Accounts.
    AccountId
}
id! {
    /// A money transfer of Accounts: the correlation id of its commands and of their events.
    TransferId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_rule() {
        for good in ["a", "A.b_c-9", "...", &"x".repeat(128)] {
            assert!(good.parse::<DocumentId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "<script>", "ä", "a\n", &"x".repeat(129)] {
            assert!(bad.parse::<DocumentId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_id_does_not_deserialize() {
        let error = serde_json::from_str::<DocumentId>("\"a b\"").unwrap_err();
        assert!(error.to_string().starts_with("an id is 1 to 128 characters"));
    }
}
