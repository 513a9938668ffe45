//! The search for the latest voiding of a document, and for the run that represents a process.

use std::collections::HashMap;

use messages::{
    DocumentId, ProcessId,
    billing::{Document, DocumentStatus},
    voiding::VoidingState,
};
use process_manager_client::http::Fault;
use process_manager_host::operator::OperatorError;
use temporalio_client::tonic::Code;

use crate::{Process, Run, VoidingClient, filter};

/// Maximum number of runs of one document that are searched.
const MOST_RUNS: usize = 100;
/// Maximum number of runs of several documents.
const MOST_RUNS_OF_SEVERAL: usize = 200;

/// The reason why a voiding could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Temporal is unavailable.
    #[error(transparent)]
    Temporal(#[from] OperatorError),
    /// Billing is unavailable, and Temporal knows no run.
    #[error(transparent)]
    Billing(#[from] Fault),
}

/// The programs that did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unavailable {
    /// Temporal; the answer comes from Billing.
    Temporal,
    /// Billing, and Temporal knows no run.
    Billing,
    /// Neither answers.
    Both,
}

/// The latest voiding of a document, as far as Temporal and Billing answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The voiding; `None` if the programs that answered know none.
    pub process: Option<Process>,
    /// The programs that did not answer.
    pub unavailable: Option<Unavailable>,
}

impl VoidingClient {
    /// Finds the latest voiding of the document, if there ever was one.
    ///
    /// That is the latest run if it is running. Any other run may have been followed by a process that has no run yet,
    /// or may be a stray run without a process in Billing. Then Billing decides. It does so even after a run that
    /// voided the document, because Billing may have been restored from an older backup since.
    ///
    /// # Errors
    /// Returns the [`LookupError`] that names the unavailable program.
    pub async fn latest(&self, document_id: &DocumentId) -> Result<Option<Process>, LookupError> {
        let run = self.latest_run(document_id).await?;
        if let Some(run) = &run
            && run.is_running
        {
            return Ok(Some(run.clone().into()));
        }
        match (self.billing().document(document_id).await, run) {
            (Ok(document), run) => Ok(self.latest_by(document, run, document_id).await?),
            (Err(fault), None) => {
                let latest = self.runs_of(document_id).await?.into_iter().next();
                Ok(Some(latest.ok_or(fault)?.into()))
            }
            (Err(fault), Some(run)) => {
                tracing::debug!(%document_id, error = %fault, "Billing is unavailable; the latest run is returned");
                Ok(Some(run.into()))
            }
        }
    }

    /// Finds the latest voiding of the document; asks Billing if Temporal is unavailable.
    pub async fn find(&self, document_id: &DocumentId) -> Found {
        match self.latest(document_id).await {
            Ok(process) => Found { process, unavailable: None },
            Err(LookupError::Billing(_)) => Found { process: None, unavailable: Some(Unavailable::Billing) },
            Err(LookupError::Temporal(_)) => match self.billing().document(document_id).await {
                Ok(document) => {
                    Found { process: document.and_then(Process::of_document), unavailable: Some(Unavailable::Temporal) }
                }
                Err(_) => Found { process: None, unavailable: Some(Unavailable::Both) },
            },
        }
    }

    /// Finds the run of this process, if Temporal still has one.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn run_of(&self, document_id: &DocumentId, process_id: &ProcessId) -> Result<Option<Run>, OperatorError> {
        let is_it = |run: &Run| run.view.process_id.as_ref() == Some(process_id);
        let latest = self.latest_run(document_id).await?;
        if let Some(run) = latest.filter(is_it) {
            return Ok(Some(run));
        }
        Ok(representative(self.runs_of(document_id).await?.into_iter().filter(is_it)))
    }

    /// Finds the latest run of each of these documents with one visibility query.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn latest_of(&self, ids: &[&DocumentId]) -> Result<HashMap<DocumentId, Process>, OperatorError> {
        let Some(query) = filter::of_documents(ids) else { return Ok(HashMap::new()) };
        let mut runs = self.list(&query, MOST_RUNS_OF_SEVERAL, Vec::new()).await?.items;
        runs.sort_by_key(|run| (run.is_running, run.started_at));
        Ok(runs.into_iter().map(|run| (run.view.document_id.clone(), run.into())).collect())
    }

    async fn latest_by(
        &self,
        document: Option<Document>,
        latest: Option<Run>,
        document_id: &DocumentId,
    ) -> Result<Option<Process>, OperatorError> {
        let open = document.as_ref().and_then(|document| document.process_id.clone());
        let voided = document.as_ref().is_some_and(|document| document.status == DocumentStatus::Voided);
        let is_it = |run: &Run| match &open {
            Some(process_id) => run.view.process_id.as_ref() == Some(process_id),
            None if voided => run.view.state == VoidingState::DocumentVoided,
            None => run.view.state == VoidingState::FailureAcknowledged,
        };
        if let Some(run) = latest.as_ref().filter(|run| is_it(run)) {
            return Ok(Some(run.clone().into()));
        }
        let runs = self.runs_of(document_id).await?;
        if let Some(run) = representative(runs.iter().filter(|run| is_it(run)).cloned()) {
            return Ok(Some(run.into()));
        }
        let said = document.and_then(Process::of_document);
        Ok(said.or_else(|| latest.or_else(|| runs.into_iter().next()).map(Process::from)))
    }

    pub(crate) async fn runs_of(&self, document_id: &DocumentId) -> Result<Vec<Run>, OperatorError> {
        match self.list(&filter::of_document(document_id), MOST_RUNS, Vec::new()).await {
            Ok(listed) => Ok(listed.items),
            // No run can have a state before a worker has registered the search attributes.
            Err(error) if error.code() == Some(Code::InvalidArgument) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Returns the run that represents a process: the running one, else one in a final state, else the latest.
pub(crate) fn representative(runs: impl IntoIterator<Item = Run>) -> Option<Run> {
    runs.into_iter().max_by_key(|run| (run.is_running, run.view.state.is_final(), run.started_at))
}
