//! Definitions of the activities that the engine calls; the crate `process-manager-host` implements them.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use process_manager::{instance::Continued, manager::StartFrom};
use process_manager_wire::{CloudEvent, FeedPosition, Position};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_macros::activity_definitions;

pub use self::{command_activities::*, log_activities::*};

/// A command of a process manager, and everything that is sent with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandToDispatch {
    /// The process manager's name.
    pub manager: String,
    /// The command's name.
    pub name: String,
    /// The command.
    pub command: Value,
    /// The idempotency key, the same on every attempt.
    pub idempotency_key: String,
    /// The process that it belongs to.
    pub correlation_id: String,
    /// The event that led to it.
    pub causation_id: String,
    /// Additional headers, by name.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// The answer to a question: an event of the process manager that asked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data.
    #[serde(default)]
    pub data: Value,
}

/// Events to read from their log again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsToFetch {
    /// The process manager's name.
    pub manager: String,
    /// The log's id.
    pub log: String,
    /// Their positions, in rising order.
    pub positions: Vec<Position>,
}

/// The type of the failure of `FetchEvents` if the log no longer holds the first of the events.
pub const UNREADABLE: &str = "Unreadable";

/// The type of the failure of `FollowLog` if the log is a different one than before.
pub const OTHER_LOG: &str = "OtherLog";

/// One turn of a subscription: its name, and the position from which it continues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Follow {
    /// The subscription.
    pub name: String,
    /// The place after which the turn begins.
    #[serde(flatten)]
    pub from: FeedPosition,
    /// Failed attempts at the next event so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// When the next event is retried, if the previous run was waiting for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// Where to begin, as long as the position has not been found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_from: Option<StartFrom>,
    /// The logs that this one continues, according to an operator; the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<Continued>,
    /// Whether the run continues as new when its history is long, even while it waits for an operator. It is absent in
    /// runs of earlier versions, which do not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hands_over: bool,
    /// The operators' decisions that the previous run handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

impl Follow {
    /// Returns the input of a new subscription.
    #[must_use]
    pub fn new(name: impl Into<String>, start_from: StartFrom) -> Self {
        Self {
            name: name.into(),
            from: FeedPosition::default(),
            attempt: 0,
            retry_at: None,
            start_from: Some(start_from).filter(|start_from| *start_from != StartFrom::Origin),
            continues: Vec::new(),
            hands_over: true,
            held: None,
        }
    }
}

/// Operators' decisions about a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Whether it is paused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_paused: bool,
    /// Why it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether it is stopped because the log is a different one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_other_log: bool,
    /// The position after which it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewind: Option<Position>,
    /// The events to deliver again.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub redeliver: VecDeque<Redeliver>,
    /// The outcome of the last redelivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<Redelivered>,
}

/// Events that an operator wants delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeliver {
    /// Their positions.
    pub positions: Vec<Position>,
    /// The only instance to deliver to; by default, all instances that the events are routed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// The input of a redelivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsToRedeliver {
    /// The subscription, and how far it is: later events are not delivered again.
    pub follow: Follow,
    /// The events.
    pub redeliver: Redeliver,
}

/// Outcome of a redelivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redelivered {
    /// How many events were delivered again; an instance drops an event that was redelivered to it before.
    pub events: usize,
    /// The events that were not, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// An event that was not delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its position.
    pub position: Position,
    /// The reason.
    pub why: String,
}

/// The progress of a turn when it ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Followed {
    /// The place that was reached.
    #[serde(flatten)]
    pub at: FeedPosition,
    /// The next event is retried after this many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Failed attempts at the next event so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Sends commands.
pub struct CommandActivities;

#[activity_definitions]
impl CommandActivities {
    /// Sends one command of a process manager.
    #[activity(name = "DispatchCommand")]
    pub fn dispatch_command(command: CommandToDispatch) {
        unimplemented!()
    }

    /// Asks a process manager's question.
    #[activity(name = "AskQuestion")]
    pub fn ask_question(question: CommandToDispatch) -> Answer {
        unimplemented!()
    }
}

/// Reads logs.
pub struct LogActivities;

#[activity_definitions]
impl LogActivities {
    /// Reads events again: the first of the requested ones, at least one.
    #[activity(name = "FetchEvents")]
    pub fn fetch_events(events: EventsToFetch) -> Vec<CloudEvent> {
        unimplemented!()
    }

    /// Follows a log for one turn.
    #[activity(name = "FollowLog")]
    pub fn follow_log(follow: Follow) -> Followed {
        unimplemented!()
    }

    /// Delivers events of a log again.
    #[activity(name = "RedeliverEvents")]
    pub fn redeliver_events(events: EventsToRedeliver) -> Redelivered {
        unimplemented!()
    }

    /// Finds the position after which a new subscription begins.
    #[activity(name = "FindStart")]
    pub fn find_start(follow: Follow) -> Position {
        unimplemented!()
    }
}
