//! The outcome of a command: the only place that turns a refusal or a fault into an SDK failure, and back.

use process_manager::{limits::cut, manager::Refusal};
use temporalio_common::{
    error::{ActivityExecutionError, ApplicationErrorCategory, ApplicationFailure, IncomingError},
    protos::temporal::api::failure::v1::{Failure, failure::FailureInfo},
};

/// The types of an activity's failures.
pub mod failure_type {
    /// A refusal, with a [`Refusal`](process_manager::manager::Refusal) as details. It is not retried.
    pub const REFUSED: &str = "Refused";
    /// A fault, which the retry policy retries.
    pub const FAULT: &str = "Fault";
    /// A command that can never be sent. It is not retried.
    pub const IMPOSSIBLE: &str = "Impossible";
}

/// The reason why a command was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAccepted {
    /// The receiver refused it.
    Refused(Refusal),
    /// It can never be sent; the text says why.
    Impossible(String),
    /// Anything else went wrong; the text says what.
    Fault(String),
}

/// Returns an activity's failure for a refusal, cut to its [limits](process_manager::limits): Temporal takes no failure
/// beyond 2 MiB, and would report a timeout instead.
#[must_use]
pub fn refused(refusal: Refusal) -> ApplicationFailure {
    let refusal = refusal.within_limits();
    ApplicationFailure::builder(refusal.clone())
        .type_name(failure_type::REFUSED.to_owned())
        .non_retryable(true)
        .category(ApplicationErrorCategory::Benign)
        .details(refusal)
        .build()
}

/// Returns an activity's failure for a command that can never be sent.
#[must_use]
pub fn impossible(why: String) -> ApplicationFailure {
    ApplicationFailure::builder(cut(why)).type_name(failure_type::IMPOSSIBLE.to_owned()).non_retryable(true).build()
}

/// Returns an activity's failure for a fault. The Web UI shows its message for a pending activity.
#[must_use]
pub fn fault(why: String) -> ApplicationFailure {
    ApplicationFailure::builder(cut(why)).type_name(failure_type::FAULT.to_owned()).build()
}

/// Reads back why an activity failed.
#[must_use]
pub fn read(error: &ActivityExecutionError) -> NotAccepted {
    // The failure of a durable activity wraps the one that the activity returned; for a local activity it is that one.
    let Some(failure) = error.cause().map(IncomingError::failure).or_else(|| error.failure()) else {
        return NotAccepted::Fault(error.to_string());
    };
    let Some(FailureInfo::ApplicationFailureInfo(info)) = &failure.failure_info else {
        return NotAccepted::Fault(failure.message.clone());
    };
    match info.r#type.as_str() {
        failure_type::IMPOSSIBLE => NotAccepted::Impossible(failure.message.clone()),
        failure_type::REFUSED => NotAccepted::Refused(refusal(failure)),
        _ => NotAccepted::Fault(failure.message.clone()),
    }
}

fn refusal(failure: &Failure) -> Refusal {
    let details = match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.details.as_ref(),
        _ => None,
    };
    let refusal = details
        .and_then(|details| details.payloads.first())
        .and_then(|payload| serde_json::from_slice(&payload.data).ok());
    refusal.unwrap_or_else(|| Refusal { code: "refused".to_owned(), detail: failure.message.clone() })
}
