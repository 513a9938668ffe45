//! Options of a process manager.

use std::time::Duration;

use process_manager_wire::Position;
use serde::{Deserialize, Serialize};

/// Options of a process manager; `Options::default()` is what most want.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The time limit of one attempt to handle an event.
    pub event_timeout: Option<Duration>,
    /// The time without work after which an instance leaves the worker's memory.
    pub idle_timeout: Option<Duration>,
    /// Where a new subscription begins.
    pub start_from: StartFrom,
    /// When an event counts as delivered.
    pub consistency: Consistency,
}

impl Options {
    /// Limits one attempt to handle an event, including all its commands; no limit by default. Beyond it the attempt
    /// fails with [`Error::Timeout`](super::Error), and `on_error` decides.
    #[must_use]
    pub fn event_timeout(mut self, limit: Duration) -> Self {
        self.event_timeout = Some(limit);
        self
    }

    /// Lets an instance leave the worker's memory after this time without work. By default it leaves when the worker's
    /// cache is full. Its next event restores its state. Needs the host's feature `eviction`.
    #[must_use]
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// Sets where a new subscription begins; at the origin by default.
    #[must_use]
    pub fn start_from(mut self, start_from: StartFrom) -> Self {
        self.start_from = start_from;
        self
    }

    /// Sets whether the subscription waits for its events to be handled; by default it does not.
    #[must_use]
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }
}

/// Where a new subscription begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartFrom {
    /// Before the first event of the log.
    #[default]
    Origin,
    /// After the last event in the log when the subscription begins.
    Current,
    /// After the event at this position.
    Position(Position),
}

/// When an event counts as delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// Once the instance has recorded it; it is handled soon after. The subscription continues at once.
    #[default]
    Eventual,
    /// Once the instance has handled it. Everything up to the subscription's position has then been handled, except in
    /// instances that are parked or have not handled an event within 2 minutes. Other instances do not wait meanwhile.
    Strong,
}
