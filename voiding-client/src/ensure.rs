//! Ensures that an open process in Billing has its run.

use messages::{
    DocumentId, ProcessId,
    billing::{Document, DocumentVoiding},
    voiding::VoidingState,
};
use process_manager_client::http::Fault;
use process_manager_host::{operator::OperatorError, start::Started};

use crate::{CannotStart, Run, VoidingClient};

/// The outcome for a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ensured {
    /// The process runs.
    Runs,
    /// The process has been started.
    Started {
        /// Temporal's id of the run.
        run_id: String,
    },
    /// Billing has no such process open, so there is nothing to run.
    NotOpen,
    /// A run of another process is in its way. That run has been told to recheck; check again.
    InTheWay(ProcessId),
    /// There is a run that does not know its process yet, or that has just ended; check again.
    Unsettled,
}

/// The reason why the run could not be ensured.
#[derive(Debug, thiserror::Error)]
pub enum CannotEnsure {
    /// Temporal is unavailable.
    #[error(transparent)]
    Temporal(#[from] OperatorError),
    /// Billing is unavailable.
    #[error(transparent)]
    Billing(#[from] Fault),
    /// The process could not be started.
    #[error(transparent)]
    Start(#[from] CannotStart),
}

impl VoidingClient {
    /// Ensures that the document's open process runs: `process_id`, or whichever is open.
    ///
    /// It checks the run first and then asks Billing. Nothing else will close a process that is still open after its
    /// run has ended. So no run is started for a process that has just been closed.
    ///
    /// # Errors
    /// Returns [`CannotEnsure`], which names the unavailable program.
    pub async fn ensure_run(
        &self,
        document_id: &DocumentId,
        process_id: Option<&ProcessId>,
    ) -> Result<Ensured, CannotEnsure> {
        let run = self.latest_run(document_id).await?;
        let of = |run: &Run| run.view.process_id.clone();
        if let Some(running) = run.as_ref().filter(|run| run.is_running)
            && process_id.is_some()
            && of(running).as_ref() == process_id
        {
            return Ok(Ensured::Runs);
        }
        let Some(open) = self.billing().document(document_id).await?.and_then(open) else {
            return Ok(Ensured::NotOpen);
        };
        if process_id.is_some_and(|process_id| *process_id != open.process_id) {
            return Ok(Ensured::NotOpen);
        }
        match run {
            Some(run) if run.is_running => match of(&run) {
                Some(other) if other != open.process_id => self.make_way(&open, other).await,
                Some(_) => Ok(Ensured::Runs),
                // The run asks Billing for its process itself.
                None => Ok(Ensured::Unsettled),
            },
            ended => self.start_open(&open, ended.as_ref()).await,
        }
    }

    /// Signals `recheck` to the run of another process.
    async fn make_way(&self, open: &DocumentVoiding, other: ProcessId) -> Result<Ensured, CannotEnsure> {
        let DocumentVoiding { document_id, process_id, .. } = open;
        tracing::info!(correlation_id = %process_id, %document_id, %other, "another process of the document runs; it will recheck");
        match self.recheck(document_id).await {
            Ok(()) => Ok(Ensured::InTheWay(other)),
            Err(error) if error.is_gone() || matches!(error, OperatorError::Closing(_)) => Ok(Ensured::InTheWay(other)),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts a process that Billing had open after the latest run, if there was one, had ended.
    async fn start_open(&self, open: &DocumentVoiding, ended: Option<&Run>) -> Result<Ensured, CannotEnsure> {
        let started = match self.start(open).await? {
            // A run that completed meanwhile has voided the document. A run that had completed before has not.
            Started::AlreadyCompleted if ended.is_some_and(|run| run.view.state == VoidingState::DocumentVoided) => {
                let DocumentVoiding { document_id, process_id, .. } = open;
                let before = ended.and_then(|run| run.view.process_id.as_ref()).map(ToString::to_string);
                tracing::warn!(
                    correlation_id = %process_id, %document_id, before,
                    "Billing has the process open although the document's voiding has completed (was Billing restored from \
                     an older backup?); the process is started anew"
                );
                self.start_anew(open).await?
            }
            started => started,
        };
        Ok(match started {
            Started::New { run_id } => Ensured::Started { run_id },
            Started::AlreadyRunning { .. } | Started::AlreadyCompleted => Ensured::Unsettled,
        })
    }
}

/// Returns the open process of a document.
fn open(document: Document) -> Option<DocumentVoiding> {
    let Document { document_id, customer_id, process_id, .. } = document;
    Some(DocumentVoiding { document_id, customer_id, process_id: process_id? })
}
