//! The beginning of a process: from Billing's word to a run, and the wait for its outcome.

use std::time::Duration;

use chrono::{SubsecRound, Utc};
use messages::{
    billing::{DocumentStatus, DocumentVoiding},
    voiding::{VoidingInput, VoidingState},
};
use process_manager_host::start::Started;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    app::App,
    temporal::{MICROSECONDS, Run, TemporalError},
    voiding::Voiding,
};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

const NOT_STARTED: &str =
    "the process could not be started yet; it starts by itself once Temporal and the worker are there";
const NO_RUN: &str = "Temporal has no run of this process; this is what Billing says";

impl App {
    /// Starts the process that Billing has accepted, and shows it. Never fails: where Temporal is away, the worker's
    /// subscription starts the process later.
    ///
    /// A replay (a key that Billing may have seen before) can be answered with a process that was closed long ago: that
    /// one is not started again.
    pub(crate) async fn begin(&self, accepted: &DocumentVoiding, may_be_replay: bool) -> Voiding {
        if may_be_replay && let Some(state) = self.closed_in(accepted).await {
            return self.shown(accepted, state, NO_RUN).await;
        }
        let input = VoidingInput {
            document_id: accepted.document_id.clone(),
            customer_id: Some(accepted.customer_id.clone()),
            process_id: Some(accepted.process_id.clone()),
        };
        match self.temporal.start(&input).await {
            Ok(Started::New { run_id }) => {
                let now = Utc::now().trunc_subsecs(MICROSECONDS);
                self.presenter.started(accepted, &self.temporal.namespace(), &run_id, now)
            }
            Ok(Started::AlreadyRunning { .. } | Started::AlreadyCompleted) => {
                self.shown(accepted, VoidingState::VoidingRequested, NO_RUN).await
            }
            Err(error) => {
                tracing::warn!(
                    document_id = %accepted.document_id, process_id = %accepted.process_id,
                    error = &error as &dyn std::error::Error,
                    "the process could not be started; the worker's subscription will start it"
                );
                let state = VoidingState::VoidingRequested;
                self.presenter.without_run(state, accepted, Utc::now(), NOT_STARTED)
            }
        }
    }

    /// The process as soon as a client that waits for it has its answer, or as it is at the deadline.
    pub(crate) async fn settled(&self, begun: Voiding, accepted: &DocumentVoiding, deadline: Instant) -> Voiding {
        let mut voiding = begun;
        let mut pause = FIRST_PAUSE;
        while !voiding.is_settled(&accepted.process_id) {
            let next = async {
                sleep(pause).await;
                self.temporal.latest_run(&accepted.document_id).await
            };
            let run = tokio::select! {
                run = timeout_at(deadline, next) => run,
                () = self.shutdown.cancelled() => break,
            };
            match run {
                Err(_) => break,
                Ok(Ok(Some(run))) if belongs(&run, accepted) => voiding = self.present(run),
                // Temporal is away, or a run of another process is about to end: that passes.
                Ok(_) => {}
            }
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
        voiding
    }

    /// The process as its run shows it, else in this state.
    async fn shown(&self, accepted: &DocumentVoiding, otherwise: VoidingState, why: &str) -> Voiding {
        match self.run_of_accepted(accepted).await {
            Ok(Some(run)) => self.present(run),
            Ok(None) | Err(_) => self.presenter.without_run(otherwise, accepted, Utc::now(), why),
        }
    }

    async fn run_of_accepted(&self, accepted: &DocumentVoiding) -> Result<Option<Run>, TemporalError> {
        let latest = self.temporal.latest_run(&accepted.document_id).await?;
        match latest.filter(|run| belongs(run, accepted)) {
            Some(run) => Ok(Some(run)),
            None => self.run_of(&accepted.document_id, &accepted.process_id).await,
        }
    }

    /// How the process ended, where Billing says that it is not open any more.
    async fn closed_in(&self, accepted: &DocumentVoiding) -> Option<VoidingState> {
        let document = self.billing.document(&accepted.document_id).await.ok()??;
        match document.status {
            _ if document.process_id.as_ref() == Some(&accepted.process_id) => None,
            DocumentStatus::Voided => Some(VoidingState::DocumentVoided),
            DocumentStatus::Issued | DocumentStatus::VoidingRequested => Some(VoidingState::FailureAcknowledged),
        }
    }
}

/// Whether the run is the accepted process's. One that a person started without a process id asks Billing for it, and
/// gets the same one while that is open.
fn belongs(run: &Run, accepted: &DocumentVoiding) -> bool {
    match &run.view.process_id {
        Some(process_id) => *process_id == accepted.process_id,
        None => run.is_running,
    }
}
