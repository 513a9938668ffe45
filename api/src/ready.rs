//! Readiness: whether a voiding that is posted now would run.

use chrono::{TimeDelta, Utc};
use process_manager_client::http::CommandError;
use process_manager_host::operator::OperatorError;
use voiding_client::VoidingClient;

/// Maximum age of the last poll; a worker polls at least once a minute.
const POLLED_WITHIN: TimeDelta = TimeDelta::seconds(75);

/// The reason why a voiding that is posted now would not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    #[error("Billing does not answer: {0}")]
    Billing(#[from] CommandError),
    #[error("Temporal does not answer, or lacks the search attributes that the worker registers: {0}")]
    Temporal(#[from] OperatorError),
    #[error("no worker polls for tasks of the voiding")]
    NoWorker,
}

/// Checks that Billing, Temporal with our search attributes, and a worker answer.
pub(crate) async fn check(voidings: &VoidingClient) -> Result<(), NotReady> {
    let billing = async { voidings.billing().check().await.map_err(NotReady::from) };
    let worker = async {
        let last_poll = voidings.last_poll().await?;
        let is_recent = last_poll.is_some_and(|at| Utc::now() - at <= POLLED_WITHIN);
        if is_recent { Ok(()) } else { Err(NotReady::NoWorker) }
    };
    tokio::try_join!(billing, worker).map(|_| ())
}
