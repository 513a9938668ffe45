//! The two signals of an operator, each for one failure only.

use std::time::Duration;

use messages::{DocumentId, voiding::Acknowledgement};
use process_manager::instance::Acknowledge;
use process_manager_host::operator::OperatorError;
use temporalio_client::tonic::Code;
use tokio::time::{Instant, sleep};
use workflows::voiding::workflow_id;

use crate::{Run, VoidingClient};

/// Pause before a run that was about to end is checked again.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest time that a run may take to end. It takes milliseconds; on a busy server it may take longer.
const CLOSING_WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for the acknowledgement that counts. A worker reports it within milliseconds.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);

/// The reason why a signal was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// The name or the note exceeds its limit.
    #[error("acknowledged_by may have {} characters, note {}", Acknowledge::LONGEST_NAME, Acknowledge::LONGEST_NOTE)]
    TooLong,
    /// Temporal knows no run that voids the document.
    #[error("no run voids the document")]
    NoRun,
    /// The voiding has nothing to acknowledge or retry, or has another failure than the one that was meant.
    #[error("the voiding has no such failure")]
    NoSuchFailure,
    /// Temporal rejects the signal, and would do so again: the run accepts no more signals.
    #[error("Temporal rejects the signal")]
    Rejected(#[source] OperatorError),
    /// Temporal is unavailable.
    #[error(transparent)]
    Temporal(OperatorError),
}

impl From<OperatorError> for SignalError {
    fn from(error: OperatorError) -> Self {
        match error {
            error if error.is_gone() => Self::NoSuchFailure,
            error @ OperatorError::Full(_) => Self::Rejected(error),
            error @ OperatorError::Refused(_) if error.code() == Some(Code::InvalidArgument) => Self::Rejected(error),
            error => Self::Temporal(error),
        }
    }
}

impl VoidingClient {
    /// Acknowledges a failure or a refused completion: the one that `signal` names, or the current one. Returns the run
    /// before the signal.
    ///
    /// # Errors
    /// Returns [`SignalError::TooLong`], [`SignalError::NoRun`] or [`SignalError::NoSuchFailure`] if there is nothing
    /// to acknowledge, [`SignalError::Rejected`] if the run accepts no more signals, [`SignalError::Temporal`] if
    /// Temporal is unavailable.
    pub async fn acknowledge(&self, document_id: &DocumentId, signal: Acknowledge) -> Result<Run, SignalError> {
        if !signal.is_within_limits() {
            return Err(SignalError::TooLong);
        }
        let meant = signal.failure_id.clone();
        let there = |run: &Run| present(run.to_acknowledge(), meant.as_deref());
        self.signal(document_id, "acknowledge_failure", signal, there).await
    }

    /// Returns the acknowledgement that counts for a failure that has just been acknowledged: the first of several in
    /// the history. Returns `None` if no worker reports it within 1 s.
    ///
    /// `before` is the run before the signal.
    pub async fn counted(&self, document_id: &DocumentId, before: &Run) -> Option<Acknowledgement> {
        let deadline = Instant::now() + COUNTED_WITHIN;
        while Instant::now() < deadline {
            let run = self.latest_run(document_id).await.ok()??;
            if run.view.process_id != before.view.process_id {
                return None;
            }
            if run.view.acknowledgement.is_some() {
                return run.view.acknowledgement;
            }
            sleep(PAUSE).await;
        }
        None
    }

    /// Retries a refused command: the one that failed with `failure_id`, or the current one. Returns the run before the
    /// signal.
    ///
    /// # Errors
    /// Returns [`SignalError::NoRun`] or [`SignalError::NoSuchFailure`] if there is nothing to retry,
    /// [`SignalError::Rejected`] if the run accepts no more signals, [`SignalError::Temporal`] if Temporal is
    /// unavailable.
    pub async fn retry(&self, document_id: &DocumentId, failure_id: Option<&str>) -> Result<Run, SignalError> {
        let there = |run: &Run| present(run.to_retry(), failure_id);
        self.signal(document_id, "retry", Acknowledge::default(), there).await
    }

    /// Signals the run for its current failure. A run that is about to end accepts no signal; then the run that
    /// follows, or its end, has the answer.
    async fn signal(
        &self,
        document_id: &DocumentId,
        name: &str,
        signal: Acknowledge,
        there: impl Fn(&Run) -> Result<String, SignalError> + Sync,
    ) -> Result<Run, SignalError> {
        let deadline = Instant::now() + CLOSING_WITHIN;
        loop {
            let run = self.latest_run(document_id).await?.ok_or(SignalError::NoRun)?;
            let signal = Acknowledge { failure_id: Some(there(&run)?), ..signal.clone() };
            match self.workflows.signal(&workflow_id(document_id), name, &signal).await {
                Ok(()) => return Ok(run),
                Err(OperatorError::Closing(_)) if Instant::now() < deadline => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes the running run check whether its process is still open in Billing.
    ///
    /// # Errors
    /// Returns [`OperatorError::NotFound`] or [`OperatorError::NotRunning`] if no run is running, another
    /// [`OperatorError`] if Temporal is unavailable.
    pub async fn recheck(&self, document_id: &DocumentId) -> Result<(), OperatorError> {
        self.workflows.signal(&workflow_id(document_id), "recheck", &()).await
    }
}

/// Returns the id of the current failure if it is the one that is meant.
fn present(there: Option<&str>, meant: Option<&str>) -> Result<String, SignalError> {
    let there = there.filter(|there| meant.is_none_or(|meant| meant == *there));
    there.map(str::to_owned).ok_or(SignalError::NoSuchFailure)
}

#[cfg(test)]
mod tests {
    use temporalio_client::tonic::Status;

    use super::*;

    #[test]
    fn a_run_that_takes_no_more_signals_is_told_from_a_temporal_that_is_unavailable() {
        let limit = Status::invalid_argument("exceeded workflow execution limit for signal events");
        let full = SignalError::from(OperatorError::Refused(Box::new(limit)));
        assert!(matches!(full, SignalError::Rejected(_)), "{full:?}");
        let gone = SignalError::from(OperatorError::NotRunning("voiding-d".to_owned()));
        assert!(matches!(gone, SignalError::NoSuchFailure), "{gone:?}");
        for status in [Status::unavailable("no"), Status::permission_denied("no")] {
            let error = match status.code() {
                Code::Unavailable => OperatorError::Unavailable(Box::new(status)),
                _ => OperatorError::Refused(Box::new(status)),
            };
            let away = SignalError::from(error);
            assert!(matches!(away, SignalError::Temporal(_)), "{away:?}");
        }
    }
}
