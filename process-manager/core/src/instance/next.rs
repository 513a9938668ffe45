//! The next step of an instance.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Fetch, TimerView};
use crate::manager::Outgoing;

/// The next step of an instance.
#[derive(Debug, Clone, PartialEq)]
pub enum Next<C> {
    /// Dispatch this command, then call [`Instance::answered`](super::Instance::answered) with its answer, or
    /// [`Instance::timed_out`](super::Instance::timed_out) at the deadline.
    Dispatch(Dispatch<C>),
    /// Read these events, and pass the first of them to [`Instance::fetched`](super::Instance::fetched).
    Fetch(Fetch),
    /// Wait until this time.
    WaitUntil(DateTime<Utc>),
    /// Wait for an event or a signal, and for this timer, which is due first.
    Wait(Option<TimerView>),
    /// The instance has ended.
    End(Ended),
}

/// A command to dispatch.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatch<C> {
    /// The command and its settings.
    pub outgoing: Outgoing<C>,
    /// The idempotency key, the same on every attempt.
    pub idempotency_key: String,
    /// The process that the event belongs to.
    pub correlation_id: String,
    /// The event's id.
    pub causation_id: String,
    /// When the attempt to handle the event fails.
    pub deadline: Option<DateTime<Utc>>,
}

/// How an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Its process manager stopped it.
    Stopped,
    /// An operator acknowledged its failure.
    Acknowledged,
}
