//! The ledger: what an instance has seen of each log, so that a redelivered event is handled once.

use std::collections::BTreeMap;

use process_manager_wire::{CloudEvent, Position};
use serde::{Deserialize, Serialize};

/// How far an instance is in each log, by the log's id.
///
/// One mark for each log is enough: a log's events are delivered to an instance in the log's order, none is left out, and
/// delivery begins at a place up to which all have been delivered. So an event that is not beyond the mark was delivered
/// before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(BTreeMap<String, Marks>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marks {
    accepted: Position,
    handled: Position,
}

impl Ledger {
    /// Whether the event has been accepted before.
    #[must_use]
    pub fn has_accepted(&self, event: &CloudEvent) -> bool {
        self.0.get(&event.logid).is_some_and(|marks| event.sequence <= marks.accepted)
    }

    /// Whether everything up to this place in the log has been handled, skipped included.
    #[must_use]
    pub fn has_handled(&self, log: &str, position: Position) -> bool {
        self.0.get(log).is_some_and(|marks| position <= marks.handled)
    }

    /// Accepts an event; `false` when it has been accepted before.
    pub(super) fn accept(&mut self, event: &CloudEvent) -> bool {
        let marks = self.0.entry(event.logid.clone()).or_default();
        let is_new = event.sequence > marks.accepted;
        marks.accepted = marks.accepted.max(event.sequence);
        is_new
    }

    pub(super) fn handled(&mut self, log: &str, position: Position) {
        let marks = self.0.entry(log.to_owned()).or_default();
        marks.handled = marks.handled.max(position);
    }
}
