//! What every handler has at hand, and the search for the voiding of a document.

use messages::{
    DocumentId, ProcessId,
    billing::{Document, DocumentStatus},
    voiding::VoidingState,
};
use process_manager_client::http::Fault;
use service_kit::correlate;
use temporalio_client::tonic::Code;
use tokio_util::sync::CancellationToken;

use crate::{
    billing::Billing,
    filter,
    temporal::{Run, Temporal, TemporalError},
    voiding::{Presenter, Voiding},
};

/// Most runs of one document that are looked through.
const MOST_RUNS: usize = 100;

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) billing: Billing,
    pub(crate) temporal: Temporal,
    pub(crate) presenter: Presenter,
    /// Cancelled when the program is to end: whoever waits then answers.
    pub(crate) shutdown: CancellationToken,
}

/// The voiding could not be looked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error(transparent)]
    Temporal(#[from] TemporalError),
    #[error(transparent)]
    Billing(#[from] Fault),
}

impl App {
    /// A run as REST shows it, to a request about this one: its log lines carry the process id from now on.
    pub(crate) fn answer(&self, run: Run) -> Voiding {
        if let Some(process_id) = &run.view.process_id {
            correlate(process_id.as_str());
        }
        self.present(run)
    }

    pub(crate) fn present(&self, run: Run) -> Voiding {
        self.presenter.of_run(run, &self.temporal.namespace())
    }

    /// The latest voiding of the document, if there was ever one.
    ///
    /// A run that goes on, or that voided the document, is it. Anything else may have been followed by a process that
    /// has no run yet, or may be a stray run that belongs to no process of Billing's; Billing knows.
    pub(crate) async fn latest(&self, document_id: &DocumentId) -> Result<Option<Voiding>, LookupError> {
        let run = self.temporal.latest_run(document_id).await?;
        if let Some(run) = &run
            && (run.is_running || run.view.state == VoidingState::DocumentVoided)
        {
            return Ok(Some(self.present(run.clone())));
        }
        let document = match (self.billing.document(document_id).await, run) {
            (Ok(document), run) => return Ok(self.latest_by(document, run, document_id).await?),
            (Err(fault), None) => self.runs_of(document_id).await?.into_iter().next().ok_or(fault)?,
            (Err(fault), Some(run)) => {
                tracing::debug!(%document_id, error = %fault, "Billing cannot be asked; the latest run answers");
                run
            }
        };
        Ok(Some(self.present(document)))
    }

    /// The run of this process, if Temporal remembers one.
    pub(crate) async fn run_of(
        &self,
        document_id: &DocumentId,
        process_id: &ProcessId,
    ) -> Result<Option<Run>, TemporalError> {
        let is_it = |run: &Run| run.view.process_id.as_ref() == Some(process_id);
        let latest = self.temporal.latest_run(document_id).await?;
        if let Some(run) = latest.filter(is_it) {
            return Ok(Some(run));
        }
        Ok(best(self.runs_of(document_id).await?.into_iter().filter(is_it)))
    }

    async fn latest_by(
        &self,
        document: Option<Document>,
        latest: Option<Run>,
        document_id: &DocumentId,
    ) -> Result<Option<Voiding>, TemporalError> {
        let open = document.as_ref().and_then(|document| document.process_id.clone());
        let voided = document.as_ref().is_some_and(|document| document.status == DocumentStatus::Voided);
        let is_it = |run: &Run| match &open {
            Some(process_id) => run.view.process_id.as_ref() == Some(process_id),
            None if voided => run.view.state == VoidingState::DocumentVoided,
            None => run.view.state == VoidingState::FailureAcknowledged,
        };
        if let Some(run) = latest.as_ref().filter(|run| is_it(run)) {
            return Ok(Some(self.present(run.clone())));
        }
        let runs = self.runs_of(document_id).await?;
        if let Some(run) = best(runs.iter().filter(|run| is_it(run)).cloned()) {
            return Ok(Some(self.present(run)));
        }
        let said = document.and_then(|document| self.presenter.of_document(document));
        Ok(said.or_else(|| latest.or_else(|| runs.into_iter().next()).map(|run| self.present(run))))
    }

    async fn runs_of(&self, document_id: &DocumentId) -> Result<Vec<Run>, TemporalError> {
        match self.temporal.list(filter::of_document(document_id), MOST_RUNS, Vec::new()).await {
            Ok(listed) => Ok(listed.runs),
            // Before a worker has registered the search attributes no run can have a state.
            Err(error) if error.code() == Some(Code::InvalidArgument) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// The run that stands for a process which has several: the one that goes on, else one that came to the process's end,
/// else the latest.
pub(crate) fn best(runs: impl IntoIterator<Item = Run>) -> Option<Run> {
    runs.into_iter().max_by_key(|run| (run.is_running, run.view.state.is_final(), run.started_at))
}
