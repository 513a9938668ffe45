//! The two signals of an operator, each for one failure only.

use messages::DocumentId;
use process_manager::instance::Acknowledge;
use process_manager_host::operator::OperatorError;
use workflows::voiding::workflow_id;

use crate::{Run, VoidingClient};

/// The reason why a signal was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// The name or the note exceeds its limit.
    #[error("acknowledged_by may have {} characters, note {}", Acknowledge::LONGEST_NAME, Acknowledge::LONGEST_NOTE)]
    TooLong,
    /// Temporal knows no run that voids the document.
    #[error("no run voids the document")]
    NoRun,
    /// The voiding has nothing to acknowledge or retry, or another failure than the one that was meant.
    #[error("the voiding has no such failure")]
    NoSuchFailure,
    /// Temporal is unavailable.
    #[error(transparent)]
    Temporal(OperatorError),
}

impl From<OperatorError> for SignalError {
    fn from(error: OperatorError) -> Self {
        if error.is_gone() { Self::NoSuchFailure } else { Self::Temporal(error) }
    }
}

impl VoidingClient {
    /// Acknowledges a failure or a refused completion: the one that `signal` names, or the current one. Returns the run
    /// before the signal.
    ///
    /// # Errors
    /// Returns [`SignalError::TooLong`], [`SignalError::NoRun`] or [`SignalError::NoSuchFailure`] if there is nothing
    /// to acknowledge, [`SignalError::Temporal`] if Temporal is unavailable.
    pub async fn acknowledge(&self, document_id: &DocumentId, signal: Acknowledge) -> Result<Run, SignalError> {
        if !signal.is_within_limits() {
            return Err(SignalError::TooLong);
        }
        let run = self.latest_run(document_id).await?.ok_or(SignalError::NoRun)?;
        let failure_id = present(run.to_acknowledge(), signal.failure_id.as_deref())?;
        let signal = Acknowledge { failure_id: Some(failure_id), ..signal };
        self.workflows.signal(&workflow_id(document_id), "acknowledge_failure", &signal).await?;
        Ok(run)
    }

    /// Retries a refused command: the one that failed with `failure_id`, or the current one. Returns the run before the
    /// signal.
    ///
    /// # Errors
    /// Returns [`SignalError::NoRun`] or [`SignalError::NoSuchFailure`] if there is nothing to retry,
    /// [`SignalError::Temporal`] if Temporal is unavailable.
    pub async fn retry(&self, document_id: &DocumentId, failure_id: Option<&str>) -> Result<Run, SignalError> {
        let run = self.latest_run(document_id).await?.ok_or(SignalError::NoRun)?;
        let signal = Acknowledge { failure_id: Some(present(run.to_retry(), failure_id)?), ..Acknowledge::default() };
        self.workflows.signal(&workflow_id(document_id), "retry", &signal).await?;
        Ok(run)
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
