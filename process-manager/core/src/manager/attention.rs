//! A need for an operator while the instance goes on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::limits::{self, CODE_CHARS};

/// Why an operator is needed although the instance goes on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attention {
    /// Stable, in kebab case, such as `overdue`. Cut to 200 characters.
    pub code: String,
    /// The explanation, in words. Cut to 2,000 characters.
    pub detail: String,
    /// Time since which an operator has been needed.
    pub since: DateTime<Utc>,
    /// What it is about, such as a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl Attention {
    /// Creates a need for an operator since this time.
    #[must_use]
    pub fn new(code: impl Into<String>, detail: impl Into<String>, since: DateTime<Utc>) -> Self {
        let (code, detail) = (limits::cut_to(code.into(), CODE_CHARS), limits::cut(detail.into()));
        Self { code, detail, since, subject: None }
    }

    /// Adds what it is about, such as a customer. The search attribute `AttentionSubject` makes it searchable. Cut to
    /// 200 characters.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(limits::cut_to(subject.into(), CODE_CHARS)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_about_is_cut_and_one_that_older_code_has_written_is_about_nothing() {
        let attention = Attention::new("overdue", "late", DateTime::UNIX_EPOCH);
        let old = serde_json::json!({"code": "overdue", "detail": "late", "since": "1970-01-01T00:00:00Z"});
        assert_eq!(serde_json::to_value(&attention).unwrap(), old);
        assert_eq!(serde_json::from_value::<Attention>(old).unwrap(), attention);
        let about = attention.about("x".repeat(CODE_CHARS + 1));
        assert_eq!(about.subject.as_ref().map(|subject| subject.chars().count()), Some(CODE_CHARS));
        assert_eq!(serde_json::from_value::<Attention>(serde_json::to_value(&about).unwrap()).unwrap(), about);
    }
}
