//! The events that wait their turn. They are kept whole, or only by their place in the log if there are too many for
//! the next run.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use process_manager_wire::{CloudEvent, Position};
use serde::{Deserialize, Serialize};

use super::{Delivery, told::stands_in_no_log};
use crate::{batch::is_batch_log, manager::RouteKind};

/// Maximum size of the events that a run hands over to the next, in bytes, including the current event. The server
/// takes at most 2 MiB, including the state and the pending commands.
pub(super) const EVENT_BYTES: usize = 512 * 1024;
/// Maximum number of events that are requested at once.
const FETCHED_AT_ONCE: usize = 500;

/// Events to read from their log again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The log's id.
    pub log: String,
    /// Their positions, in rising order; at least one.
    pub positions: Vec<Position>,
}

/// The events that wait, in the order of their delivery.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Inbox(VecDeque<Waiting>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Waiting {
    Whole(Box<Delivery>),
    Spilled(Spilled),
}

/// Events of one log that were routed in the same way, by position; at least one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Spilled {
    log: String,
    kind: RouteKind,
    #[serde(with = "steps")]
    positions: VecDeque<Position>,
}

/// The next step of the inbox.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// An event, which no longer waits.
    Event(Box<Delivery>),
    /// A stop, which no longer waits; its event is not handled.
    Stop {
        log: String,
        position: Position,
        /// The event, unless only its place was handed over.
        event: Option<Box<CloudEvent>>,
    },
    /// Waiting events that must be read first.
    Fetch(Fetch),
}

impl Inbox {
    pub(super) fn push(&mut self, queued: Delivery) {
        // Of a batch's progress only the latest counts; otherwise it would bury a parked instance.
        if is_batch_log(&queued.event.logid) {
            let same = |it: &CloudEvent| it.logid == queued.event.logid && it.kind == queued.event.kind;
            self.0.retain(|waiting| !matches!(waiting, Waiting::Whole(earlier) if same(&earlier.event)));
        }
        self.0.push_back(Waiting::Whole(Box::new(queued)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        let len = |waiting: &Waiting| match waiting {
            Waiting::Whole(_) => 1,
            Waiting::Spilled(spilled) => spilled.positions.len(),
        };
        self.0.iter().map(len).sum()
    }

    /// Returns how many events of a log wait whole.
    pub(super) fn count_of(&self, log: &str) -> usize {
        let is_of = |waiting: &&Waiting| matches!(waiting, Waiting::Whole(queued) if queued.event.logid == log);
        self.0.iter().filter(is_of).count()
    }

    /// Returns how the first event was routed.
    pub(super) fn first_kind(&self) -> Option<RouteKind> {
        self.0.front().map(Waiting::kind)
    }

    /// Returns how the last event was routed.
    pub(super) fn last_kind(&self) -> Option<RouteKind> {
        self.0.back().map(Waiting::kind)
    }

    /// Returns the next step, if there is one.
    pub(super) fn next(&mut self) -> Option<Turn> {
        match self.0.front()? {
            Waiting::Spilled(spilled) if spilled.kind != RouteKind::Stop => Some(Turn::Fetch(Fetch {
                log: spilled.log.clone(),
                positions: spilled.positions.iter().copied().take(FETCHED_AT_ONCE).collect(),
            })),
            Waiting::Spilled(_) => self.drop_first().map(|(log, position)| Turn::Stop { log, position, event: None }),
            Waiting::Whole(_) => match self.0.pop_front()? {
                Waiting::Whole(queued) if queued.kind == RouteKind::Stop => {
                    let event = queued.event;
                    Some(Turn::Stop {
                        log: event.logid.clone(),
                        position: event.sequence,
                        event: Some(Box::new(event)),
                    })
                }
                Waiting::Whole(queued) => Some(Turn::Event(queued)),
                Waiting::Spilled(_) => None,
            },
        }
    }

    /// Drops the first event; returns its log and position.
    pub(super) fn drop_first(&mut self) -> Option<(String, Position)> {
        let Some(Waiting::Spilled(spilled)) = self.0.front_mut() else {
            let Waiting::Whole(queued) = self.0.pop_front()? else { return None };
            return Some((queued.event.logid, queued.event.sequence));
        };
        let dropped = (spilled.log.clone(), spilled.positions.pop_front()?);
        if spilled.positions.is_empty() {
            self.0.pop_front();
        }
        Some(dropped)
    }

    /// Returns the position of the first event.
    pub(super) fn first_position(&self) -> Option<Position> {
        match self.0.front()? {
            Waiting::Whole(queued) => Some(queued.event.sequence),
            Waiting::Spilled(spilled) => spilled.positions.front().copied(),
        }
    }

    /// Returns when the first event was recorded. The time is unknown if only the event's place was handed over. Such
    /// an event is older than the run, and counts as older than any timer.
    pub(super) fn first_time(&self) -> Option<DateTime<Utc>> {
        Some(match self.0.front()? {
            Waiting::Whole(queued) => queued.event.time,
            Waiting::Spilled(_) => DateTime::<Utc>::MIN_UTC,
        })
    }

    /// Takes the first of the requested events; returns `false` if none of them is there.
    pub(super) fn fetched(&mut self, events: Vec<CloudEvent>) -> bool {
        let Some(Waiting::Spilled(mut spilled)) = self.0.pop_front() else { return true };
        let mut whole = Vec::with_capacity(events.len());
        for event in events {
            let is_meant = event.logid == spilled.log && spilled.positions.front() == Some(&event.sequence);
            if !is_meant {
                break;
            }
            spilled.positions.pop_front();
            whole.push(Waiting::Whole(Box::new(Delivery::new(event, spilled.kind))));
        }
        let is_any = !whole.is_empty();
        if !spilled.positions.is_empty() {
            self.0.push_front(Waiting::Spilled(spilled));
        }
        whole.into_iter().rev().for_each(|waiting| self.0.push_front(waiting));
        is_any
    }

    /// Returns the inbox for the next run: the first events whole, up to this many bytes, and the others by place.
    pub(super) fn spilled(&self, bytes: usize) -> Self {
        let mut left = bytes;
        let mut next = Self::default();
        for waiting in &self.0 {
            match waiting {
                Waiting::Spilled(spilled) => {
                    left = 0;
                    spilled.positions.iter().for_each(|position| next.spill(&spilled.log, spilled.kind, *position));
                }
                Waiting::Whole(queued) if stands_in_no_log(&queued.event) => next.0.push_back(waiting.clone()),
                Waiting::Whole(queued) => match left.checked_sub(bytes_of(queued)) {
                    Some(rest) => {
                        left = rest;
                        next.0.push_back(waiting.clone());
                    }
                    None => {
                        left = 0;
                        next.spill(&queued.event.logid, queued.kind, queued.event.sequence);
                    }
                },
            }
        }
        next
    }

    fn spill(&mut self, log: &str, kind: RouteKind, position: Position) {
        match self.0.back_mut() {
            Some(Waiting::Spilled(last)) if last.log == log && last.kind == kind => last.positions.push_back(position),
            _ => {
                self.0.push_back(Waiting::Spilled(Spilled { log: log.to_owned(), kind, positions: [position].into() }))
            }
        }
    }
}

impl Waiting {
    fn kind(&self) -> RouteKind {
        match self {
            Self::Whole(queued) => queued.kind,
            Self::Spilled(spilled) => spilled.kind,
        }
    }
}

/// Returns how much room an event takes.
pub(super) fn bytes_of(queued: &Delivery) -> usize {
    serde_json::to_string(queued).map_or(0, |text| text.len())
}

/// Positions as the differences between them: several hundred thousand must fit into a payload.
mod steps {
    use std::collections::VecDeque;

    use process_manager_wire::Position;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(positions: &VecDeque<Position>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut last = 0;
        serializer.collect_seq(positions.iter().map(|position| {
            let step = position.wrapping_sub(last);
            last = *position;
            step
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VecDeque<Position>, D::Error> {
        let steps = Vec::<Position>::deserialize(deserializer)?;
        if steps.is_empty() {
            return Err(D::Error::custom("there must be at least one position"));
        }
        let mut last: Position = 0;
        let position = |step: Position| {
            last = last.wrapping_add(step);
            last
        };
        Ok(steps.into_iter().map(position).collect())
    }
}

#[cfg(test)]
mod tests;
