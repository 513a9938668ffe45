//! The ledger: what an instance has seen of each log, so that it handles a redelivered event only once.

use std::collections::{BTreeMap, VecDeque};

use process_manager_wire::Position;
use serde::{Deserialize, Serialize};

use super::{Delivery, REVISION};
use crate::batch::is_batch_log;

/// How many events of one log an instance remembers that were accepted because an operator asked for them: those that
/// were redelivered last. A redelivery has at most this many events, so each counts once however often it is repeated.
const MOST_REDELIVERED: usize = 1_000;

/// How far an instance is in each log, by the log's id.
///
/// One mark per log is enough for the subscription's own deliveries. It delivers a log's events to an instance in
/// order, and begins at a place up to which all were delivered or passed over. So an event that is not beyond the mark
/// was delivered or passed over before. An operator can redeliver one that was passed over; it is accepted below the
/// mark, once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(BTreeMap<String, Marks>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marks {
    accepted: Position,
    handled: Position,
    /// Redelivered events up to the mark, in the order in which they were accepted.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    redelivered: VecDeque<Position>,
}

impl Marks {
    fn accept(&mut self, delivery: &Delivery, revision: u32) -> bool {
        let position = delivery.event.sequence;
        let is_beyond = position > self.accepted;
        if !is_beyond && (!delivery.redelivered || self.redelivered.contains(&position)) {
            return false;
        }
        self.accepted = self.accepted.max(position);
        if delivery.redelivered && (!is_beyond || revision > 2) {
            self.redelivered.push_back(position);
        }
        if self.redelivered.len() > MOST_REDELIVERED {
            self.redelivered.pop_front();
        }
        true
    }

    /// Returns the marks in a log that is the same up to this position.
    fn up_to(&self, position: Position) -> Self {
        Self {
            accepted: self.accepted.min(position),
            handled: self.handled.min(position),
            redelivered: self.redelivered.iter().copied().filter(|it| *it <= position).collect(),
        }
    }
}

impl Ledger {
    /// Returns whether the event was accepted before.
    #[must_use]
    pub fn has_accepted(&self, delivery: &Delivery) -> bool {
        !self.clone().accept(delivery)
    }

    /// Returns whether everything up to this position in the log was accepted.
    #[must_use]
    pub fn has_accepted_up_to(&self, log: &str, position: Position) -> bool {
        self.0.get(log).is_some_and(|marks| position <= marks.accepted)
    }

    /// Returns whether everything up to this position in the log was handled or skipped.
    #[must_use]
    pub fn has_handled(&self, log: &str, position: Position) -> bool {
        self.0.get(log).is_some_and(|marks| position <= marks.handled)
    }

    /// Returns the mark of a log.
    pub(super) fn accepted(&self, log: &str) -> Position {
        self.0.get(log).map_or(0, |marks| marks.accepted)
    }

    /// Accepts an event; returns `false` if it was accepted before.
    pub fn accept(&mut self, delivery: &Delivery) -> bool {
        self.accept_under(REVISION, delivery)
    }

    /// Does the same as [`Self::accept`], for a run that keeps this revision.
    pub(super) fn accept_under(&mut self, revision: u32, delivery: &Delivery) -> bool {
        let log = &delivery.event.logid;
        if !self.0.contains_key(log) {
            let former = delivery.continues.iter().rev();
            let known = former.filter_map(|former| Some(self.0.get(&former.log)?.up_to(former.up_to))).next();
            self.0.insert(log.clone(), known.unwrap_or_default());
        }
        self.0.get_mut(log).is_some_and(|marks| marks.accept(delivery, revision))
    }

    /// Forgets the batches of an instance that has ended: a later instance has others.
    pub(super) fn without_batches(mut self) -> Self {
        self.0.retain(|log, _| !is_batch_log(log));
        self
    }

    pub(super) fn handled(&mut self, log: &str, position: Position) {
        let marks = self.0.entry(log.to_owned()).or_default();
        marks.handled = marks.handled.max(position);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        instance::Continued,
        manager::{RouteKind, sample},
    };

    fn delivery(position: Position) -> Delivery {
        Delivery::new(sample::event(position, "Happened", Value::Null), RouteKind::Start)
    }

    fn again(position: Position) -> Delivery {
        Delivery { redelivered: true, ..delivery(position) }
    }

    /// Returns the ledger as the next run gets it.
    fn carried(ledger: &Ledger) -> Ledger {
        serde_json::from_value(serde_json::to_value(ledger).unwrap()).unwrap()
    }

    #[test]
    fn an_event_below_the_mark_is_accepted_once_when_an_operator_has_asked_for_it() {
        let mut ledger = Ledger::default();
        assert!(ledger.accept(&delivery(5)));
        assert!(!ledger.accept(&delivery(3)));
        assert!(!ledger.has_accepted(&again(3)) && ledger.accept(&again(3)));
        let mut ledger = carried(&ledger);
        assert!(!ledger.accept(&again(3)) && ledger.has_accepted(&again(3)));
        assert!(ledger.accept(&again(7)) && !ledger.accept(&delivery(7)) && ledger.accept(&delivery(8)));
    }

    #[test]
    fn an_event_beyond_the_mark_is_accepted_once_when_its_redelivery_is_repeated() {
        let mut ledger = Ledger::default();
        assert!(ledger.accept(&delivery(5)) && ledger.accept(&again(7)));
        let mut ledger = carried(&ledger);
        assert!(!ledger.accept(&again(7)) && !ledger.accept(&delivery(7)));
        // A run that began under the old rule.
        assert!(ledger.accept_under(2, &again(8)) && ledger.accept_under(2, &again(8)));
    }

    #[test]
    fn redelivered_events_are_remembered_up_to_a_number() {
        let mut ledger = Ledger::default();
        ledger.accept(&delivery(10_000));
        for position in 1..=2_000 {
            assert!(ledger.accept(&again(position)));
        }
        assert!(!ledger.accept(&again(1_001)) && ledger.accept(&again(1_000)));
        // A position lower than all remembered ones is still the latest.
        let mut ledger = carried(&ledger);
        assert!(ledger.accept(&again(1)) && !ledger.accept(&again(1)));
        assert!(serde_json::to_string(&ledger).unwrap().len() < 10 * 1024);
    }

    #[test]
    fn a_ledger_without_redeliveries_is_written_as_ever() {
        let mut ledger = Ledger::default();
        ledger.accept(&delivery(2));
        assert_eq!(serde_json::to_value(&ledger).unwrap(), json!({"log": {"accepted": 2, "handled": 0}}));
    }

    #[test]
    fn a_log_that_continues_another_one_begins_with_its_marks() {
        let mut ledger = Ledger::default();
        ledger.accept(&delivery(5));
        ledger.handled("log", 5);
        let restored = |position, continues: &[(&str, Position)]| {
            let mut delivery = delivery(position);
            delivery.event.logid = "restored".to_owned();
            let continued = |(log, up_to): &(&str, Position)| Continued { log: (*log).to_owned(), up_to: *up_to };
            delivery.continues = continues.iter().map(continued).collect();
            delivery
        };
        // The backup contains the first three of the five events.
        let known = [("log", 3)];
        let mut same = ledger.clone();
        assert!(!same.accept(&restored(3, &known)) && same.accept(&restored(4, &known)));
        assert!(same.has_handled("restored", 3) && !same.has_handled("restored", 4));
        // An instance that has seen nothing of the log in between knows the one before it.
        let mut same = ledger.clone();
        assert!(!same.accept(&restored(3, &[("log", 3), ("between", 9)])));
        assert!(ledger.accept(&restored(3, &[])), "without it the log is another one");
    }
}
