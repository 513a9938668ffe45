//! The public view of a subscription.

use chrono::{DateTime, Utc};
use process_manager_wire::{FeedPosition, Position};
use serde::{Deserialize, Serialize};

use crate::activities::Redelivered;

/// Whether a subscription follows its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Events are delivered.
    Following,
    /// The next event is retried after a while, or deliveries to some instances are being retried while the others go
    /// on: see [`SubscriptionState::retrying`].
    Retrying,
    /// An operator paused it, and nothing is delivered.
    Paused,
    /// The log is a different one or lost its end, or an event could not be routed; an operator has to decide.
    Stopped,
}

/// An instance to which delivery has failed and is being retried. Its later events wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrying {
    /// The instance.
    pub id: String,
    /// The position of the first event that it has not received.
    pub position: Position,
    /// Time of the first failed attempt.
    pub since: DateTime<Utc>,
    /// The number of failed attempts.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub why: String,
}

/// The answer of the query `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubscriptionState {
    /// The subscription.
    pub name: String,
    /// Its place, or where it stopped. While it follows, it is where this turn began (the heartbeat has the latest
    /// place).
    #[serde(flatten)]
    pub at: FeedPosition,
    /// Whether it follows its log.
    pub status: Status,
    /// Why it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The instances to which deliveries have been retried for some seconds: the ten longest retried, at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retrying: Vec<Retrying>,
    /// The outcome of the last redelivery that an operator asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<Redelivered>,
}
