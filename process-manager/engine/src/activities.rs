//! Definitions of the activities that the engine calls; the crate `process-manager-host` implements them.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use std::collections::BTreeMap;

use process_manager::manager::StartFrom;
use process_manager_wire::{CloudEvent, FeedPosition, Position};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_macros::activity_definitions;

pub use self::{command_activities::*, log_activities::*};

/// A command of a process manager, and all that is sent with it.
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
    /// The process.
    pub correlation_id: String,
    /// The event that led to it.
    pub causation_id: String,
    /// More headers, by name.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// Events that are to be read from their log again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsToFetch {
    /// The process manager's name.
    pub manager: String,
    /// The log's id.
    pub log: String,
    /// Their positions, in rising order.
    pub positions: Vec<Position>,
}

/// Type of the failure of `FetchEvents` when the log no longer holds the first of the events.
pub const UNREADABLE: &str = "Unreadable";

/// One turn of a subscription: its name, and the position from which it continues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Follow {
    /// The subscription.
    pub name: String,
    /// The place behind which the turn begins.
    #[serde(flatten)]
    pub from: FeedPosition,
    /// Failed attempts at the next event so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Where to begin, as long as that has not been found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_from: Option<StartFrom>,
}

/// Progress of a turn when it ended.
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

    /// Finds the position behind which a new subscription begins.
    #[activity(name = "FindStart")]
    pub fn find_start(follow: Follow) -> Position {
        unimplemented!()
    }
}
