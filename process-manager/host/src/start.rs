//! Starts a process: one workflow, of which there is at most one running and never a second after a success.

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

/// For a start with all its retries.
const LIMIT: Duration = Duration::from_secs(8);

/// How a process is started.
#[derive(Debug, Clone)]
pub struct ProcessStart {
    /// Names the process; at most one workflow of this id runs.
    pub workflow_id: String,
    /// Where its workers listen.
    pub task_queue: String,
    /// One line for the Web UI.
    pub summary: String,
    /// The search attributes that it has from the start, also while no worker runs.
    pub search_attributes: SearchAttributes,
}

/// Outcome of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// A new run.
    New {
        /// The run.
        run_id: String,
    },
    /// A run was there; nothing was started.
    AlreadyRunning {
        /// The run that was there.
        run_id: String,
    },
    /// The process has completed before; nothing was started.
    AlreadyCompleted,
}

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Temporal is unavailable; the same start may succeed later. It may even have succeeded now.
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
    /// Whether the same start may succeed when Temporal is back.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NoAnswer)
    }
}

/// Starts `workflow` with `input`, unless it runs or has completed; a run that failed, was terminated or cancelled does
/// not stand in the way. No worker needs to run for this; one that shares the connection gets the first task with the answer
/// (eager start). Returns within 8 s.
///
/// The SDK's own `start_workflow` keeps the answer's `started` flag to itself, hence the plain request.
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

/// As [`start_process`], and starts it also where an earlier run has completed. For a caller that knows that there is
/// another process to run, such as after a service was restored from an older backup.
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
        // A running one would have been used, so this is one that the reuse policy protects.
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
        // The SDK repeats the request when an answer is lost; by this id the server knows it for the same start.
        request_id: Uuid::now_v7().to_string(),
        workflow_id: start.workflow_id,
        workflow_type: Some(WorkflowType { name: workflow_type.to_owned() }),
        task_queue: Some(TaskQueue { name: start.task_queue, ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![payload(converter, input).await?] }),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
        workflow_id_reuse_policy: reuse.into(),
        search_attributes: Some(start.search_attributes.into_proto()),
        // Where this connection has a worker of the queue, the answer brings it the first task; else the SDK takes this back.
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
