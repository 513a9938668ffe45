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
    /// In words. Cut to 2,000 characters.
    pub detail: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Attention {
    /// Returns a need for an operator since this time.
    #[must_use]
    pub fn new(code: impl Into<String>, detail: impl Into<String>, since: DateTime<Utc>) -> Self {
        Self { code: limits::cut_to(code.into(), CODE_CHARS), detail: limits::cut(detail.into()), since }
    }
}
