//! What a command came to: accepted, or refused with a stable code.

use serde::{Deserialize, Serialize};
use temporalio_common::{
    error::{ActivityExecutionError, IncomingError},
    protos::temporal::api::failure::v1::failure::FailureInfo,
};

/// Type of the activity failure that carries a [`Refusal`] as its details.
pub const REFUSED: &str = "Refused";

/// A business 'no': not retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused, {code}: {detail}")]
pub struct Refusal {
    /// Stable code, as in `messages::code`.
    pub code: String,
    /// The refusal in words.
    pub detail: String,
}

/// What a command came to.
pub type Answer<T> = Result<T, Refusal>;

/// The refusal in an activity's error; `None` where the error is a fault.
///
/// The failure of a durable activity wraps the one that the activity returned; that of a local activity is the latter.
pub(super) fn refusal(error: &ActivityExecutionError) -> Option<Refusal> {
    let failure = error.cause().map(IncomingError::failure).or_else(|| error.failure())?;
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) if info.r#type == REFUSED => {
            serde_json::from_slice(&info.details.as_ref()?.payloads.first()?.data).ok()
        }
        _ => None,
    }
}
