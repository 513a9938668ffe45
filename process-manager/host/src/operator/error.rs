//! Errors of the operator client.

use temporalio_client::tonic::{Code, Status};

use super::workflows::WITHIN;

/// The reason why an operator's request was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// There has been no connection to Temporal yet.
    #[error("there is no connection to Temporal yet")]
    NotConnected,
    /// Temporal is unavailable; the same request may succeed later.
    #[error("Temporal is unavailable: {}", .0.message())]
    Unavailable(#[source] Box<Status>),
    /// Temporal did not answer in time.
    #[error("Temporal did not answer within {} s", WITHIN.as_secs())]
    NoAnswer,
    /// Temporal rejects the request: a search attribute is not registered, a page token is unknown, access is denied, …
    #[error("Temporal rejects the request ({:?}): {}", .0.code(), .0.message())]
    Refused(#[source] Box<Status>),
    /// There is no such workflow.
    #[error("there is no workflow {0}")]
    NotFound(String),
    /// The workflow has ended.
    #[error("workflow {0} has ended")]
    NotRunning(String),
    /// The run is about to end: the same request will reach the end, or the next run.
    #[error("workflow {0} is about to end")]
    Closing(String),
    /// The run takes no more signals: Temporal's limit, 10,000 by default. It begins another run as soon as a worker
    /// looks at it.
    #[error("workflow {0} takes no more signals until a worker has begun its next run")]
    Full(String),
    /// The instance has no failure that waits for an operator, or the request meant another one.
    #[error("instance {0} has no such failure")]
    NoSuchFailure(String),
    /// `acknowledged_by` or `note` exceeds its limit.
    #[error("acknowledged_by or note is too long")]
    TooLong,
    /// The payload of the signal could not be encoded.
    #[error("the payload cannot be encoded")]
    Encoding(#[from] serde_json::Error),
}

impl OperatorError {
    /// Converts a status that does not concern a single workflow.
    pub(crate) fn of(status: Status) -> Self {
        match status.code() {
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted | Code::ResourceExhausted => {
                Self::Unavailable(Box::new(status))
            }
            _ => Self::Refused(Box::new(status)),
        }
    }

    /// Returns the gRPC code of Temporal's answer, if Temporal answered at all.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Unavailable(status) | Self::Refused(status) => Some(status.code()),
            _ => None,
        }
    }

    /// Returns whether Temporal answers, but has reached a limit, such as the rate of requests of a namespace.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.code() == Some(Code::ResourceExhausted)
    }

    /// Returns whether the workflow or the failure that the request meant is gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::NotRunning(_) | Self::NoSuchFailure(_))
    }
}
