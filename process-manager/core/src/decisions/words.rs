//! Decisions as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::manager::{Commands, Decision, OnError, timer::TimerChange};

/// Maximum size of a value that is kept whole, in bytes.
const MOST: usize = 4 * 1024;
/// Maximum size of a list of values, in bytes.
const MOST_IN_ALL: usize = 64 * 1024;

/// Returns the value to keep; for a large value, its size and its digest.
#[must_use]
pub fn bounded(value: Value) -> Value {
    at_most(MOST, value)
}

fn at_most(most: usize, value: Value) -> Value {
    use std::hash::Hasher as _;
    let text = value.to_string();
    if text.len() <= most {
        return value;
    }
    let mut hasher = fnv::FnvHasher::default();
    hasher.write(text.as_bytes());
    json!({"left_out": {"bytes": text.len(), "digest": format!("{:016x}", hasher.finish())}})
}

/// Returns a value as JSON, or the reason why it cannot be JSON.
pub(super) fn value(it: &impl Serialize) -> Value {
    serde_json::to_value(it).map_or_else(|error| failed(&error), bounded)
}

pub(super) fn failed(error: &dyn std::fmt::Display) -> Value {
    json!({"error": error.to_string()})
}

pub(super) fn commands<C: Serialize>(commands: &Commands<C>, now: DateTime<Utc>) -> Value {
    let mut answer = Map::new();
    let sent: Vec<_> = commands.as_slice().iter().map(value).collect();
    answer.insert("commands".to_owned(), at_most(MOST_IN_ALL, sent.into()));
    let settled = |change: &TimerChange| change.settle(now).map_or_else(|why| failed(&why), |settled| value(&settled));
    let timers: Vec<_> = commands.timers().iter().map(settled).collect();
    if !timers.is_empty() {
        answer.insert("timers".to_owned(), at_most(MOST_IN_ALL, timers.into()));
    }
    if commands.stops() {
        answer.insert("stops".to_owned(), true.into());
    }
    answer.into()
}

pub(super) fn decision<C: Serialize>(OnError(decision): &OnError<C>, now: DateTime<Utc>) -> Value {
    match decision {
        Decision::Retry { after, carried } => json!({"retry": {"after": after, "carried": bounded(carried.clone())}}),
        Decision::SkipEvent => json!("skip the event"),
        Decision::SkipCommand(pending) => json!({"skip the command": format!("{pending:?}").to_lowercase()}),
        Decision::Continue { commands: with, carried } => {
            json!({"continue": commands(with, now), "carried": bounded(carried.clone())})
        }
        Decision::Stop { reason } => json!({"stop": reason}),
    }
}
