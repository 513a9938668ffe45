//! The beginning of a process: from Billing's answer to a run, and the wait for its outcome.

use std::{future::pending, pin::pin, time::Duration};

use chrono::Utc;
use messages::{
    DocumentId,
    billing::{DocumentStatus, DocumentVoiding},
    voiding::VoidingState,
};
use process_manager_host::{operator::OperatorError, start::Started};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use workflows::voiding::workflow_id;

use crate::{Ensured, Process, Run, VoidingClient};

/// Pause before a running run is checked: it may wait for an operator.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

const NOT_STARTED: &str = "the process could not be started yet; it starts once Temporal and the worker are available";

impl VoidingClient {
    /// Starts the process that Billing has accepted, and returns it. Never fails: if Temporal is unavailable, the worker's
    /// subscription starts the process later.
    ///
    /// A repeated request (its key may be known to Billing) can be answered with a process that was closed long ago. That
    /// process is not started again.
    pub async fn begin(&self, accepted: &DocumentVoiding, may_be_replay: bool) -> Process {
        if may_be_replay && let Some(state) = closed_in(self, accepted).await {
            return shown(self, accepted, state).await;
        }
        match self.start(accepted).await {
            Ok(Started::New { run_id }) => Process::started(accepted, run_id, Utc::now()),
            Ok(Started::AlreadyRunning { .. }) => shown(self, accepted, VoidingState::VoidingRequested).await,
            Ok(Started::AlreadyCompleted) => after_a_completed_run(self, accepted).await,
            Err(error) => {
                tracing::warn!(
                    document_id = %accepted.document_id, process_id = %accepted.process_id,
                    error = &error as &dyn std::error::Error,
                    "the process could not be started; the worker's subscription will start it"
                );
                let process = Process::without_run(VoidingState::VoidingRequested, accepted, Utc::now());
                Process { steps_missing: Some(NOT_STARTED.to_owned()), ..process }
            }
        }
    }

    /// Waits until the voiding is settled, the deadline passes or the program ends. Returns the last state seen.
    /// Temporal reports at once when the run closes; whether it waits for an operator is polled.
    pub async fn settled(
        &self,
        begun: Process,
        accepted: &DocumentVoiding,
        deadline: Instant,
        shutdown: &CancellationToken,
    ) -> Process {
        let (mut closed, mut is_closed) = (pin!(self.closes(&accepted.document_id, begun.run_id.clone())), false);
        let mut process = begun;
        let mut pause = FIRST_PAUSE;
        while !process.is_settled(&accepted.process_id) {
            let next = async {
                tokio::select! {
                    () = sleep(pause) => {}
                    () = &mut closed, if !is_closed => is_closed = true,
                }
                self.latest_run(&accepted.document_id).await
            };
            let run = tokio::select! {
                run = timeout_at(deadline, next) => run,
                () = shutdown.cancelled() => break,
            };
            match run {
                Err(_) => break,
                Ok(Ok(Some(run))) if belongs(&run, accepted) => process = run.into(),
                // Temporal is unavailable, or a run of another process is about to end; either is temporary.
                Ok(_) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        process
    }

    /// Returns once the run has closed; never if that cannot be determined.
    async fn closes(&self, document_id: &DocumentId, run_id: Option<String>) {
        let Some(run_id) = run_id else { return pending().await };
        if let Err(error) = self.workflows.closed(&workflow_id(document_id), &run_id).await {
            tracing::debug!(%document_id, error = &error as &dyn std::error::Error, "the end of the run cannot be awaited");
            pending().await
        }
    }
}

/// Shows a process whose run has completed meanwhile, or starts it if the completed run belongs to another process:
/// Billing may have been restored from an older backup.
async fn after_a_completed_run(voidings: &VoidingClient, accepted: &DocumentVoiding) -> Process {
    match voidings.ensure_run(&accepted.document_id, Some(&accepted.process_id)).await {
        Ok(Ensured::Started { run_id }) => return Process::started(accepted, run_id, Utc::now()),
        Ok(_) => (),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a process after a completed run is left to the worker's sweep");
        }
    }
    shown(voidings, accepted, VoidingState::VoidingRequested).await
}

/// Returns the process as its run shows it, or else in the given state.
async fn shown(voidings: &VoidingClient, accepted: &DocumentVoiding, otherwise: VoidingState) -> Process {
    match run_of(voidings, accepted).await {
        Ok(Some(run)) => run.into(),
        Ok(None) | Err(_) => Process::without_run(otherwise, accepted, Utc::now()),
    }
}

async fn run_of(voidings: &VoidingClient, accepted: &DocumentVoiding) -> Result<Option<Run>, OperatorError> {
    let latest = voidings.latest_run(&accepted.document_id).await?;
    match latest.filter(|run| belongs(run, accepted)) {
        Some(run) => Ok(Some(run)),
        None => voidings.run_of(&accepted.document_id, &accepted.process_id).await,
    }
}

/// Returns how the process ended, if it is no longer open in Billing.
async fn closed_in(voidings: &VoidingClient, accepted: &DocumentVoiding) -> Option<VoidingState> {
    let document = voidings.billing().document(&accepted.document_id).await.ok()??;
    match document.status {
        _ if document.process_id.as_ref() == Some(&accepted.process_id) => None,
        DocumentStatus::Voided => Some(VoidingState::DocumentVoided),
        DocumentStatus::Issued | DocumentStatus::VoidingRequested => Some(VoidingState::FailureAcknowledged),
    }
}

/// Returns whether the run belongs to the accepted process. A run that an operator started without a process id asks
/// Billing for the id, and gets that of the open process.
fn belongs(run: &Run, accepted: &DocumentVoiding) -> bool {
    match &run.view.process_id {
        Some(process_id) => *process_id == accepted.process_id,
        None => run.is_running,
    }
}
