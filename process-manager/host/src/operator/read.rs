//! Readers of what Temporal says about a run.

use chrono::{DateTime, SubsecRound, Utc};
use serde::de::DeserializeOwned;
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads},
    failure::v1::Failure,
    workflow::v1::{PendingActivityInfo, WorkflowExecutionInfo},
};

/// How many digits of a second the visibility store keeps; `describe` has more, and the two must agree.
const MICROSECONDS: u16 = 6;

/// An activity that has not been answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PendingCommand {
    /// The type of the activity.
    pub name: String,
    /// The running or next attempt; the preceding local attempt does not count.
    pub attempt: i32,
    /// The error of the last attempt.
    pub last_error: Option<String>,
    /// When the next attempt begins, if none is running.
    pub next_attempt: Option<DateTime<Utc>>,
}

impl PendingCommand {
    pub(super) fn read(info: &PendingActivityInfo) -> Self {
        Self {
            name: info.activity_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default(),
            attempt: info.attempt,
            last_error: info.last_failure.as_ref().map(innermost),
            next_attempt: info.next_attempt_schedule_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos)),
        }
    }
}

/// Returns the message of the innermost cause: the outer ones only say that an activity failed.
#[must_use]
pub fn innermost(failure: &Failure) -> String {
    failure.cause.as_ref().map_or_else(|| failure.message.clone(), |cause| innermost(cause))
}

/// Reads a memo field; returns `None` if it is absent or has another form, because anyone may start a run with any
/// memo.
#[must_use]
pub fn memo<T: DeserializeOwned>(info: &WorkflowExecutionInfo, field: &str) -> Option<T> {
    decode(info.memo.as_ref()?.fields.get(field)?)
}

/// Converts one of Temporal's times, cut to the microseconds that all its stores keep.
#[must_use]
pub fn timestamp(seconds: i64, nanos: i32) -> Option<DateTime<Utc>> {
    let exact = DateTime::from_timestamp(seconds, u32::try_from(nanos).ok()?)?;
    Some(exact.trunc_subsecs(MICROSECONDS))
}

/// Reads a JSON payload; returns `None` if it has another form.
#[must_use]
pub fn decode<T: DeserializeOwned>(payload: &Payload) -> Option<T> {
    serde_json::from_slice(&payload.data).ok()
}

/// Reads the first payload as JSON; returns `None` if there is none, or it has another form.
pub(crate) fn first<T: DeserializeOwned>(payloads: Option<&Payloads>) -> Option<T> {
    decode(payloads?.payloads.first()?)
}
