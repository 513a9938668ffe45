//! The start of a voiding, the same for the api, the console and the worker's subscription.

use std::time::Duration;

use messages::{billing::DocumentVoiding as Accepted, voiding::VoidingInput};
use process_manager_host::{
    operator::OperatorError,
    start::{ProcessStart, StartError, Started, start_process},
};
use temporalio_client::Client;
use tokio::time::timeout;
use workflows::voiding::{DocumentVoiding, TASK_QUEUE, start_attributes, summary, workflow_id};

use crate::VoidingClient;

/// Limit of a start. If it is exceeded, the worker's subscription starts the process.
const WITHIN: Duration = Duration::from_secs(3);

/// The reason why a voiding could not be started.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
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
    /// Returns [`CannotStart::Temporal`] if Temporal does not answer within 3 s, [`CannotStart::Start`] if it rejects
    /// the start.
    pub async fn start(&self, accepted: &Accepted) -> Result<Started, CannotStart> {
        let input = VoidingInput {
            document_id: accepted.document_id.clone(),
            customer_id: Some(accepted.customer_id.clone()),
            process_id: Some(accepted.process_id.clone()),
        };
        let client = self.workflows.client()?;
        let started = timeout(WITHIN, start(&client, &input)).await;
        Ok(started.map_err(|_| OperatorError::NoAnswer)??)
    }
}

async fn start(client: &Client, input: &VoidingInput) -> Result<Started, StartError> {
    let start = ProcessStart {
        workflow_id: workflow_id(&input.document_id),
        task_queue: TASK_QUEUE.to_owned(),
        summary: summary(&input.document_id),
        search_attributes: start_attributes(input),
    };
    start_process(client, &DocumentVoiding::run, input, start).await
}
