//! A state that an earlier run handed over and that this code cannot read. It is kept as it is, and the instance is
//! parked.
//!
//! Each run tries again, and an operator's retry begins a run. So nothing is lost, and code that can read the state
//! goes on with it.

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde_json::Value;

use super::{Instance, work::Work};
use crate::{failure_code, manager::ProcessManager};

/// State and current event of an instance, as an earlier run wrote them.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// The version under which the state was written.
    pub(super) version: u32,
    pub(super) state: Value,
    pub(super) work: Option<Work<Value>>,
    pub(super) why: String,
}

impl<M: ProcessManager> Instance<M> {
    /// Returns why this code cannot read what the instance was given, if it cannot.
    #[must_use]
    pub fn unreadable(&self) -> Option<&str> {
        self.held.as_ref().map(|held| held.why.as_str())
    }

    /// Parks the instance if its state cannot be read, unless it is parked already.
    pub(super) fn park_held(&mut self, now: DateTime<Utc>) {
        if let Some(held) = &self.held {
            let why = held.why.clone();
            self.park(failure_code::STATE_UNREADABLE, why, None, now);
        }
    }

    pub(super) fn held_event(&self) -> Option<&CloudEvent> {
        Some(self.held.as_ref()?.work.as_ref()?.event())
    }

    /// Forgets the state: the instance is given up.
    pub(super) fn drop_held(&mut self) {
        if let Some(work) = self.held.take().and_then(|held| held.work) {
            self.ledger.handled(&work.event().logid, work.event().sequence);
        }
    }
}
