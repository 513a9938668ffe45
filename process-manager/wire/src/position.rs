//! Places in a service's event log.

use serde::{Deserialize, Serialize};

/// An event's place in its service's log, from 1. Position 0 is before the first event.
pub type Position = i64;

/// How far a log has been read, and which log it is. The default is before the first event of any log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPosition {
    /// Position of the last event that was handled; 0 before the first.
    pub position: Position,
    /// The log's id, once an event has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logid: Option<String>,
}
