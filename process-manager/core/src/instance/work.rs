//! The event that an instance is handling.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::manager::{Outgoing, RouteKind};

/// An event that waits its turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// As it stands in its log.
    pub event: CloudEvent,
    /// How it was routed here.
    pub kind: RouteKind,
}

/// Progress of the event that is being handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    /// `handle` is called next.
    Handling,
    /// Its commands are being dispatched, the first of the pending ones next.
    Dispatching,
    /// `apply` is called next.
    Applying,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Work<C> {
    pub(super) queued: Delivery,
    pub(super) phase: Phase,
    /// Not dispatched yet, each with its number among the event's commands.
    pub(super) pending: VecDeque<(u32, Outgoing<C>)>,
    /// The next command's number.
    pub(super) next_number: u32,
    /// How often what is at hand has failed.
    pub(super) attempts: u32,
    /// The value that the last decision carried over.
    pub(super) carried: Value,
    /// Not before this time.
    pub(super) wait_until: Option<DateTime<Utc>>,
    /// This attempt fails at this time.
    pub(super) deadline: Option<DateTime<Utc>>,
}

impl<C> Work<C> {
    pub(super) fn new(queued: Delivery) -> Self {
        Self {
            queued,
            phase: Phase::Handling,
            pending: VecDeque::new(),
            next_number: 0,
            attempts: 0,
            carried: Value::Null,
            wait_until: None,
            deadline: None,
        }
    }

    /// Takes these commands in the place of all that are pending.
    pub(super) fn replace(&mut self, commands: Vec<Outgoing<C>>) {
        self.pending = (self.next_number..).zip(commands).collect();
        self.next_number += u32::try_from(self.pending.len()).unwrap_or(u32::MAX);
        self.attempts = 0;
        self.go_on();
    }

    /// Drops the command at hand.
    pub(super) fn drop_first(&mut self) {
        self.pending.pop_front();
        self.attempts = 0;
        self.go_on();
    }

    fn go_on(&mut self) {
        self.phase = if self.pending.is_empty() { Phase::Applying } else { Phase::Dispatching };
    }

    pub(super) fn event(&self) -> &CloudEvent {
        &self.queued.event
    }
}
