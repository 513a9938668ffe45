//! Starts a process: one workflow, of which at most one is running, and never a second one after a success.

use std::time::Duration;

use serde::Serialize;
use temporalio_client::{
    Client, NamespacedClient,
    grpc::WorkflowService,
    tonic::{Code, Request, Status},
};
use temporalio_common::{
    WorkflowDefinition,
    data_converters::{DataConverter, PayloadConversionError, SerializationContextData, WorkflowSerializationContext},
    protos::temporal::api::{
        common::v1::{Payload, Payloads, WorkflowType},
        enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy},
        sdk::v1::UserMetadata,
        taskqueue::v1::TaskQueue,
        workflowservice::v1::StartWorkflowExecutionRequest,
    },
    search_attributes::SearchAttributes,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::connect::{bounded_request, is_unavailable};

/// The time limit of a start with all its retries.
const LIMIT: Duration = Duration::from_secs(8);

/// The settings of a process start.
#[derive(Debug, Clone)]
pub struct ProcessStart {
    /// The name of the process; at most one workflow with this id runs.
    pub workflow_id: String,
    /// The task queue of its workers.
    pub task_queue: String,
    /// One line for the Web UI.
    pub summary: String,
    /// The search attributes that it has from the start, even while no worker runs.
    pub search_attributes: SearchAttributes,
}

/// The outcome of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// A new run.
    New {
        /// The run.
        run_id: String,
    },
    /// A run existed; nothing was started.
    AlreadyRunning {
        /// The existing run.
        run_id: String,
    },
    /// The process has already completed; nothing was started.
    AlreadyCompleted,
}

/// The reason why a process could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Temporal is unavailable; the same start may succeed later. It may even have succeeded this time.
    #[error("Temporal is unavailable")]
    Unavailable(#[source] Status),
    /// No answer within 8 s.
    #[error("Temporal has not answered within {} s", LIMIT.as_secs())]
    NoAnswer,
    /// The input cannot be encoded.
    #[error("the input cannot be encoded")]
    Encoding(#[from] PayloadConversionError),
    /// Temporal rejects the start: the namespace or a search attribute is unknown, access is denied, …
    #[error("Temporal rejects the start")]
    Rejected(#[source] Status),
}

impl StartError {
    /// Returns whether the same start may succeed when Temporal is back.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NoAnswer)
    }
}

/// Starts `workflow` with `input`, unless it runs or has completed; a run that failed, was terminated or cancelled does
/// not prevent a start. No worker needs to run for this; one that shares the connection gets the first task with the
/// answer (eager start). Returns within 8 s.
///
/// The SDK's own `start_workflow` does not return the answer's `started` flag, so this makes a plain request.
///
/// # Errors
/// See [`StartError`].
pub async fn start_process<W, I>(
    client: &Client,
    workflow: &W,
    input: &I,
    start: ProcessStart,
) -> Result<Started, StartError>
where
    W: WorkflowDefinition,
    I: Serialize + 'static,
{
    start_with(client, workflow, input, start, WorkflowIdReusePolicy::AllowDuplicateFailedOnly).await
}

/// Does the same as [`start_process`], but also starts it if an earlier run has completed. It is for a caller that
/// knows that there is another process to run, for example after a service was restored from an older backup.
///
/// # Errors
/// See [`StartError`].
pub async fn restart_process<W, I>(
    client: &Client,
    workflow: &W,
    input: &I,
    start: ProcessStart,
) -> Result<Started, StartError>
where
    W: WorkflowDefinition,
    I: Serialize + 'static,
{
    start_with(client, workflow, input, start, WorkflowIdReusePolicy::AllowDuplicate).await
}

async fn start_with<W, I>(
    client: &Client,
    workflow: &W,
    input: &I,
    start: ProcessStart,
    reuse: WorkflowIdReusePolicy,
) -> Result<Started, StartError>
where
    W: WorkflowDefinition,
    I: Serialize + 'static,
{
    let request = request(client, workflow.name(), input, start, reuse).await?;
    let mut client = client.clone();
    let answer = timeout(LIMIT, client.start_workflow_execution(request)).await.map_err(|_| StartError::NoAnswer)?;
    match answer {
        Ok(answer) => {
            let answer = answer.into_inner();
            let run_id = answer.run_id;
            Ok(if answer.started { Started::New { run_id } } else { Started::AlreadyRunning { run_id } })
        }
        // A running one would have been used, so the reuse policy protects this one.
        Err(status) if status.code() == Code::AlreadyExists => Ok(Started::AlreadyCompleted),
        Err(status) if is_unavailable(&status) => Err(StartError::Unavailable(status)),
        Err(status) => Err(StartError::Rejected(status)),
    }
}

async fn request<I: Serialize + 'static>(
    client: &Client,
    workflow_type: &str,
    input: &I,
    start: ProcessStart,
    reuse: WorkflowIdReusePolicy,
) -> Result<Request<StartWorkflowExecutionRequest>, PayloadConversionError> {
    let converter = client.data_converter();
    let request = StartWorkflowExecutionRequest {
        namespace: client.namespace(),
        identity: client.identity(),
        // The SDK repeats the request if an answer is lost; by this id the server recognises the same start.
        request_id: Uuid::now_v7().to_string(),
        workflow_id: start.workflow_id,
        workflow_type: Some(WorkflowType { name: workflow_type.to_owned() }),
        task_queue: Some(TaskQueue { name: start.task_queue, ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![payload(converter, input).await?] }),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
        workflow_id_reuse_policy: reuse.into(),
        search_attributes: Some(start.search_attributes.into_proto()),
        // If this connection has a worker of the queue, the answer brings it the first task; otherwise the SDK drops
        // this flag.
        request_eager_execution: true,
        user_metadata: Some(UserMetadata { summary: Some(payload(converter, &start.summary).await?), details: None }),
        ..StartWorkflowExecutionRequest::default()
    };
    Ok(bounded_request(request))
}

async fn payload<T: Serialize + 'static>(
    converter: &DataConverter,
    value: &T,
) -> Result<Payload, PayloadConversionError> {
    let context = SerializationContextData::Workflow(WorkflowSerializationContext::new());
    converter.to_payload(&context, value).await
}
