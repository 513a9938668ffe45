//! What there is to know of one process: from Temporal, and while that is away from Billing.

use messages::{DocumentId, voiding::VoidingState};

use crate::{
    app::{App, LookupError},
    console::{Console, live::fingerprint, processes::Row},
    temporal::{PendingCommand, RetriedCommand},
};

/// Who does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::console) enum Away {
    Temporal,
    Billing,
    Both,
}

/// One process as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::console) struct Model {
    pub(super) row: Option<Row>,
    pub(super) pending: Vec<PendingCommand>,
    pub(super) away: Option<Away>,
    /// Commands that got through after retries; read for the page alone.
    pub(super) retried: Vec<RetriedCommand>,
}

impl Model {
    pub(in crate::console) async fn load(console: &Console, document_id: &DocumentId) -> Self {
        let app = &console.app;
        match app.temporal.inspect(document_id).await {
            Ok(Some(inspected))
                if inspected.run.is_running || inspected.run.view.state == VoidingState::DocumentVoided =>
            {
                let pending = inspected.pending;
                Self { row: Some(Row::of_run(app, inspected.run)), pending, away: None, retried: Vec::new() }
            }
            // An ended run may have been followed by a process that Billing knows of alone.
            Ok(_) => Self::latest(app, document_id).await,
            Err(_) => Self::of_billing(app, document_id).await,
        }
    }

    async fn latest(app: &App, document_id: &DocumentId) -> Self {
        let (row, away) = match app.latest(document_id).await {
            Ok(voiding) => (voiding.map(Row::of_billing), None),
            Err(LookupError::Billing(_)) => (None, Some(Away::Billing)),
            Err(LookupError::Temporal(_)) => (None, Some(Away::Temporal)),
        };
        Self { row, pending: Vec::new(), away, retried: Vec::new() }
    }

    async fn of_billing(app: &App, document_id: &DocumentId) -> Self {
        let (row, away) = match app.billing.document(document_id).await {
            Ok(document) => {
                (document.and_then(|document| app.presenter.of_document(document)).map(Row::of_billing), Away::Temporal)
            }
            Err(_) => (None, Away::Both),
        };
        Self { row, pending: Vec::new(), away: Some(away), retried: Vec::new() }
    }

    /// With what the run's history tells; where that cannot be read, without.
    pub(super) async fn with_history(mut self, console: &Console, document_id: &DocumentId) -> Self {
        if let (Some(row), None) = (&self.row, self.away) {
            let mut retried = console.app.temporal.retried(document_id).await.unwrap_or_default();
            // The latest run may be of an earlier process than the one that is shown.
            retried.retain(|command| command.from >= row.voiding.requested_at);
            self.retried = retried;
        }
        self
    }

    /// Everybody was asked, and nobody has heard of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.row.is_none() && self.away.is_none()
    }

    pub(super) fn has_actions(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.to_acknowledge.is_some() || row.to_retry.is_some())
    }

    /// Differs when the page would.
    pub(in crate::console) fn fingerprint(&self) -> u64 {
        let voiding = self.row.as_ref().map(|row| serde_json::to_string(&row.voiding).unwrap_or_default());
        let actions = self.row.as_ref().map(|row| (&row.to_acknowledge, &row.to_retry));
        fingerprint(&(voiding, actions, &self.pending, self.away))
    }
}
