//! Starts and cancels batches: for operators, and as commands of process managers.

use process_manager::batch::{CancelBatch, INPUT_BYTES, StartBatch};
use process_manager_engine::{
    batch::Batch,
    publish::{INCIDENT, PROCESS_ID},
};
use serde::Deserialize;
use serde_json::{Value, json};
use temporalio_client::Client;
use temporalio_common::search_attributes::SearchAttributes;

use crate::{
    DispatchError,
    operator::{OperatorError, Workflows},
    start::{ProcessStart, StartError, Started, start_process},
};

/// The commands that start and cancel batches.
pub(crate) const BATCH_COMMANDS: [&str; 2] = ["StartBatch", "CancelBatch"];

/// Starts a batch unless one with its id runs or has completed.
pub(crate) async fn start_batch(client: &Client, task_queue: &str, start: &StartBatch) -> Result<Started, StartError> {
    let workflow_id = start.workflow_id();
    let process = ProcessStart {
        summary: format!("{} {}", start.name, start.id),
        workflow_id: workflow_id.clone(),
        task_queue: task_queue.to_owned(),
        search_attributes: SearchAttributes::new([PROCESS_ID.value_set(workflow_id), INCIDENT.value_set(false)]),
    };
    start_process(client, &Batch::run, start, process).await
}

/// Carries out a command of a process manager's instance.
pub(crate) async fn command_batch(
    client: &Client,
    task_queue: &str,
    owner: Option<String>,
    correlation_id: &str,
    command: Value,
) -> Result<(), DispatchError> {
    #[derive(Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Command {
        StartBatch(StartBatch),
        CancelBatch(CancelBatch),
    }
    let unreadable = |error| DispatchError::Impossible(format!("the command cannot be read: {error}"));
    match serde_json::from_value(command).map_err(unreadable)? {
        Command::StartBatch(start) => {
            let correlation_id = start.correlation_id.clone().or_else(|| Some(correlation_id.to_owned()));
            let start = StartBatch { owner, correlation_id, ..start };
            let bytes = start.input.to_string().len();
            if bytes > INPUT_BYTES {
                let why = format!("the batch's input has {bytes} bytes, where at most {INPUT_BYTES} are possible");
                return Err(DispatchError::Impossible(why));
            }
            start.limits.check().map_err(|error| DispatchError::Impossible(error.to_string()))?;
            let started = start_batch(client, task_queue, &start).await;
            started.map(drop).map_err(|error| DispatchError::Fault(error.into()))
        }
        Command::CancelBatch(CancelBatch { name, id, undo }) => {
            let workflow_id = format!("{name}-{id}");
            match Workflows::new(client.clone()).signal(&workflow_id, "cancel", &json!({"undo": undo})).await {
                Ok(()) | Err(OperatorError::NotFound(_) | OperatorError::NotRunning(_)) => Ok(()),
                Err(error) => Err(DispatchError::Fault(error.into())),
            }
        }
    }
}
