//! A line of a page: a name and a value.

use chrono::{DateTime, Utc};

/// A fact about a process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// A time that follows the text.
    pub(crate) at: Option<DateTime<Utc>>,
}

impl Fact {
    pub(crate) fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), at: None }
    }
}
