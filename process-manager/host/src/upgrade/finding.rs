//! A finding about one instance.

use std::fmt;

/// The severity of a finding; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The instance cannot continue under this code, or cannot be checked.
    CannotContinue,
    /// It would decide differently under the version that it keeps: the code breaks its promise.
    DecidesOtherwise,
    /// It would decide differently from its next run on, under the version of this code.
    NewVersion,
    /// Events like those that it has received would be routed differently.
    RoutedOtherwise,
}

impl Verdict {
    /// Returns the exit code of a check with this finding.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::CannotContinue => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CannotContinue => "CANNOT CONTINUE",
            Self::DecidesOtherwise => "WOULD DECIDE OTHERWISE under the version that they keep",
            Self::NewVersion => "WOULD DECIDE OTHERWISE from their next run on, under the new version",
            Self::RoutedOtherwise => "SUCH EVENTS WOULD BE ROUTED OTHERWISE",
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The severity.
    pub verdict: Verdict,
    /// What it is, in words that are the same for all similar instances.
    pub what: String,
    /// The details: given, when, then and now.
    pub details: Vec<(&'static str, String)>,
}

impl Finding {
    pub(super) fn new(verdict: Verdict, what: impl Into<String>) -> Self {
        Self { verdict, what: what.into(), details: Vec::new() }
    }

    /// Adds a detail, unless it is empty.
    pub(super) fn with(mut self, label: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        if !detail.is_empty() {
            self.details.push((label, detail));
        }
        self
    }
}
