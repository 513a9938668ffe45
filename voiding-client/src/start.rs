//! The start of a voiding, the same for the api, the console and the worker's subscription.

use std::{sync::Arc, time::Duration};

use messages::{billing::DocumentVoiding as Accepted, voiding::VoidingInput};
use process_manager_host::{
    operator::OperatorError,
    start::{ProcessStart, StartError, Started, restart_process, start_process},
};
use tokio::time::timeout;
use workflows::voiding::{DocumentVoiding, TASK_QUEUE, start_attributes, summary, workflow_id};

use crate::{AnotherSystem, VoidingClient};

/// Time limit of a start. If it is exceeded, the worker's subscription starts the process.
const WITHIN: Duration = Duration::from_secs(3);

/// The reason why a voiding could not be started.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The namespace belongs to another system, which would run the process.
    #[error(transparent)]
    AnotherSystem(#[from] Arc<AnotherSystem>),
    /// Temporal has never been connected, or did not answer in time.
    #[error(transparent)]
    Temporal(#[from] OperatorError),
    /// Temporal is unavailable, or rejects the start.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl VoidingClient {
    /// Starts the run of a process that Billing has accepted, unless one runs or has completed.
    ///
    /// A repeated start, or a start by two programs at the same time, has no further effect. No worker needs to run.
    /// The start carries no memo: until the workflow has written one, the search attributes hold all that is known.
    ///
    /// # Errors
    /// Returns [`CannotStart::AnotherSystem`] if the namespace is another system's, [`CannotStart::Temporal`] if Temporal
    /// does not answer within 3 s, [`CannotStart::Start`] if it rejects the start.
    pub async fn start(&self, accepted: &Accepted) -> Result<Started, CannotStart> {
        self.check_owner()?;
        let (client, input) = (self.workflows.client()?, input(accepted));
        let started = start_process(&client, &DocumentVoiding::run, &input, process_start(&input));
        Ok(timeout(WITHIN, started).await.map_err(|_| OperatorError::NoAnswer)??)
    }

    /// Starts the run of a process that Billing has open although a run of the document has completed.
    ///
    /// # Errors
    /// Returns the same errors as [`VoidingClient::start`].
    pub(crate) async fn start_anew(&self, accepted: &Accepted) -> Result<Started, CannotStart> {
        self.check_owner()?;
        let (client, input) = (self.workflows.client()?, input(accepted));
        let started = restart_process(&client, &DocumentVoiding::run, &input, process_start(&input));
        Ok(timeout(WITHIN, started).await.map_err(|_| OperatorError::NoAnswer)??)
    }
}

fn input(accepted: &Accepted) -> VoidingInput {
    VoidingInput {
        document_id: accepted.document_id.clone(),
        customer_id: Some(accepted.customer_id.clone()),
        process_id: Some(accepted.process_id.clone()),
    }
}

fn process_start(input: &VoidingInput) -> ProcessStart {
    ProcessStart {
        workflow_id: workflow_id(&input.document_id),
        task_queue: TASK_QUEUE.to_owned(),
        summary: summary(&input.document_id),
        search_attributes: start_attributes(input),
    }
}
