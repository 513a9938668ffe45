//! The outcome of an instance, as its process manager declares it.

use serde::{Deserialize, Serialize};

/// Effect of a process that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// The process did what it was begun for.
    Success,
    /// The process undid what it had done.
    Reverted,
    /// The process did not do what it was begun for.
    Failure,
}

/// The outcome of an instance that has ended. It is for operators: lists show its name and can be searched by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// Its name, such as `returned`; one of a small set.
    pub name: String,
    /// Its meaning.
    pub kind: OutcomeKind,
    /// The reason, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Outcome {
    /// Maximum length of a name, in characters; the rest is cut off.
    pub const LONGEST_NAME: usize = 100;
    /// Maximum length of a reason, in characters; the rest is cut off.
    pub const LONGEST_REASON: usize = 2_000;

    /// Creates the outcome of a process that did what it was begun for.
    #[must_use]
    pub fn success(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: OutcomeKind::Success, reason: None }
    }

    /// Creates the outcome of a process that undid what it had done.
    #[must_use]
    pub fn reverted(name: impl Into<String>) -> Self {
        Self { kind: OutcomeKind::Reverted, ..Self::success(name) }
    }

    /// Creates the outcome of a process that did not do what it was begun for.
    #[must_use]
    pub fn failure(name: impl Into<String>) -> Self {
        Self { kind: OutcomeKind::Failure, ..Self::success(name) }
    }

    /// Adds the reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// Cuts the texts: Temporal refuses longer ones, and the run would never end.
    pub(crate) fn within_limits(self) -> Self {
        let cut = |text: String, most: usize| text.chars().take(most).collect::<String>();
        Self {
            name: cut(self.name, Self::LONGEST_NAME),
            reason: self.reason.map(|reason| cut(reason, Self::LONGEST_REASON)),
            ..self
        }
    }
}
