//! The two signals that a person sends, each for the failure that the page has shown and for no other.

use messages::{
    DocumentId,
    voiding::{AcknowledgeFailure, MAX_ACKNOWLEDGED_BY, MAX_NOTE, Retry},
};

use crate::{
    app::App,
    console::form::Fields,
    temporal::{Run, TemporalError},
};

/// Why a signal was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignalError {
    #[error("the form names no document and failure; load the page again")]
    Incomplete,
    #[error("a name may have {MAX_ACKNOWLEDGED_BY} characters, a note {MAX_NOTE}")]
    TooLong,
    #[error("this failure is not there any more: somebody was faster, or it has cleared by itself")]
    Gone,
    #[error("Temporal cannot be reached; nothing was changed, try again later")]
    Temporal(#[from] TemporalError),
}

/// A failure of a process, as a form names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) document_id: DocumentId,
    pub(super) failure_id: String,
}

impl Shown {
    pub(super) fn read(fields: &Fields) -> Result<Self, SignalError> {
        let document_id = fields.text("document_id").and_then(|id| id.parse().ok()).ok_or(SignalError::Incomplete)?;
        let failure_id = fields.text("failure_id").ok_or(SignalError::Incomplete)?.to_owned();
        Ok(Self { document_id, failure_id })
    }

    /// Acknowledges it, by whom and why the form says.
    pub(super) async fn acknowledge(&self, app: &App, fields: &Fields) -> Result<(), SignalError> {
        let signal = AcknowledgeFailure {
            acknowledged_by: fields.text("acknowledged_by").map(str::to_owned),
            note: fields.text("note").map(str::to_owned),
            failure_id: Some(self.failure_id.clone()),
        };
        if !signal.is_within_limits() {
            return Err(SignalError::TooLong);
        }
        self.still_there(app, Run::to_acknowledge).await?;
        let sent = app.temporal.signal(&self.document_id, "acknowledge_failure", &signal).await?;
        sent.then_some(()).ok_or(SignalError::Gone)
    }

    /// Has the refused command sent again.
    pub(super) async fn retry(&self, app: &App) -> Result<(), SignalError> {
        let signal = Retry { failure_id: Some(self.failure_id.clone()) };
        self.still_there(app, Run::to_retry).await?;
        let sent = app.temporal.signal(&self.document_id, "retry", &signal).await?;
        sent.then_some(()).ok_or(SignalError::Gone)
    }

    async fn still_there(&self, app: &App, now: impl Fn(&Run) -> Option<&str>) -> Result<(), SignalError> {
        let run = app.temporal.latest_run(&self.document_id).await?.ok_or(SignalError::Gone)?;
        if now(&run) == Some(self.failure_id.as_str()) { Ok(()) } else { Err(SignalError::Gone) }
    }
}
