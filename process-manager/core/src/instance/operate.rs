//! Operators' signals to an instance.

use serde::{Deserialize, Serialize};

use super::{Ended, Instance};
use crate::{
    failure_code,
    manager::{ProcessManager, RouteKind},
};

/// Payload of the signal `acknowledge`; all fields are optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledge {
    /// Who acknowledges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// Why, or what was done about the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The failure that is meant; by default the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_id: Option<String>,
}

impl Acknowledge {
    /// Maximum length of `acknowledged_by`, in characters.
    pub const LONGEST_NAME: usize = 200;
    /// Maximum length of `note`, in characters.
    pub const LONGEST_NOTE: usize = 2_000;

    /// Returns whether `acknowledged_by` and `note` are within their limits.
    #[must_use]
    pub fn is_within_limits(&self) -> bool {
        let is_within = |text: &Option<String>, most| text.as_ref().is_none_or(|text| text.chars().count() <= most);
        is_within(&self.acknowledged_by, Self::LONGEST_NAME) && is_within(&self.note, Self::LONGEST_NOTE)
    }
}

/// Whether a signal counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    /// It changed the instance.
    Counted,
    /// There is no failure, or the signal meant another one.
    Ignored,
}

impl<M: ProcessManager> Instance<M> {
    /// Retries the failed step, as if for the first time.
    pub fn retry(&mut self, failure_id: Option<&str>) -> Signalled {
        if !self.is_meant(failure_id) {
            return Signalled::Ignored;
        }
        self.parked = None;
        match &mut self.work {
            Some(work) if self.revision > 0 => work.begin_again(),
            Some(work) => work.attempts = 0,
            None => (),
        }
        Signalled::Counted
    }

    /// Gives the process up: it ends with its failure. Waiting events are dropped, up to the first one that starts an
    /// instance ([`RouteKind::Start`] or [`RouteKind::StartStrict`]).
    pub fn acknowledge(&mut self, failure_id: Option<&str>) -> Signalled {
        if !self.is_meant(failure_id) {
            return Signalled::Ignored;
        }
        // Without a current event, the next event is the one that cannot be read.
        if self.work.is_none() && self.parked.as_ref().is_some_and(|failure| failure.code == failure_code::UNREADABLE) {
            self.drop_next();
        }
        self.finish();
        self.drop_held();
        self.reset(Ended::Acknowledged, None);
        let begins = |kind| matches!(kind, RouteKind::Start | RouteKind::StartStrict);
        while self.inbox.first_kind().is_some_and(|kind| !begins(kind)) {
            self.drop_next();
        }
        Signalled::Counted
    }

    fn drop_next(&mut self) {
        if let Some((log, position)) = self.inbox.drop_first() {
            self.ledger.handled(&log, position);
            tracing::warn!(process_id = self.id, log, position, "an event is dropped: its process was given up");
        }
    }

    fn is_meant(&self, failure_id: Option<&str>) -> bool {
        self.parked.as_ref().is_some_and(|failure| failure_id.is_none_or(|meant| meant == failure.failure_id))
    }
}
