//! What a command came to: accepted, or refused with a stable code.

use serde::{Deserialize, Serialize};
use temporalio_common::error::{ActivityExecutionError, IncomingError};

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
pub(super) fn refusal(error: &ActivityExecutionError) -> Option<Refusal> {
    match error.cause()? {
        IncomingError::Application(failure) if failure.type_name() == Some(REFUSED) => failure.details().ok()?,
        _ => None,
    }
}
