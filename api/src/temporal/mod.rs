//! What the api asks of Temporal. Each request is bounded in time, and none needs a worker.

mod attempts;
mod inspect;
mod instance;
mod past;
mod run;

use std::{future::Future, time::Duration};

use messages::{DocumentId, voiding::VoidingInput};
use process_manager_host::{
    connect::LazyClient,
    start::{StartError, Started},
};
use serde::Serialize;
use temporalio_client::{
    Client, NamespacedClient,
    grpc::WorkflowService,
    request_extensions::NoRetryOnMatching,
    tonic::{Code, IntoRequest, Request, Response, Status},
};
use temporalio_common::protos::{
    coresdk::AsJsonPayloadExt,
    temporal::api::{
        common::v1::{Payloads, WorkflowExecution},
        enums::v1::TaskQueueType,
        taskqueue::v1::TaskQueue,
        workflowservice::v1::{
            DescribeTaskQueueRequest, DescribeWorkflowExecutionRequest, ListWorkflowExecutionsRequest,
            SignalWorkflowExecutionRequest,
        },
    },
};
use uuid::Uuid;
use workflows::voiding;

pub(crate) use attempts::RetriedCommand;
pub(crate) use inspect::PendingCommand;
pub(crate) use instance::{InspectedInstance, Instance, Standing, instance_workflow_id};
pub(crate) use past::{Happened, Outcome, Past, Step};
pub(crate) use run::{MICROSECONDS, Run};

/// How long one request may take, its repetitions included.
const WITHIN: Duration = Duration::from_secs(3);

/// Temporal did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemporalError {
    #[error("there is no connection to Temporal yet")]
    NotConnected,
    #[error("Temporal did not answer within {} s", WITHIN.as_secs())]
    Late,
    #[error("Temporal answered {:?}: {}", .0.code(), .0.message())]
    Status(Box<Status>),
    #[error("the run could not be started")]
    Start(#[source] Box<StartError>),
    #[error("the signal's payload could not be made")]
    Payload(#[source] anyhow::Error),
}

impl TemporalError {
    fn status(status: Status) -> Self {
        Self::Status(Box::new(status))
    }

    /// The error's gRPC code, where Temporal answered at all.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Status(status) => Some(status.code()),
            _ => None,
        }
    }
}

/// A page of runs, and where the next one begins (empty: nowhere).
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) runs: Vec<Run>,
    pub(crate) next: Vec<u8>,
}

/// Temporal, as soon as there is a connection to it.
#[derive(Clone)]
pub(crate) struct Temporal(pub(crate) LazyClient);

impl Temporal {
    /// The namespace of the runs; empty while there is no connection, and so no run.
    pub(crate) fn namespace(&self) -> String {
        self.0.get().map(NamespacedClient::namespace).unwrap_or_default()
    }

    fn client(&self) -> Result<Client, TemporalError> {
        self.0.get().cloned().ok_or(TemporalError::NotConnected)
    }

    /// Starts the process, unless it runs or has completed already.
    pub(crate) async fn start(&self, input: &VoidingInput) -> Result<Started, TemporalError> {
        let client = self.client()?;
        let started = tokio::time::timeout(WITHIN, voiding_client::start_voiding(&client, input)).await;
        started.map_err(|_| TemporalError::Late)?.map_err(|error| TemporalError::Start(Box::new(error)))
    }

    /// The latest run of the document's workflow; `Ok(None)` where there is none, or where it voids nothing.
    pub(crate) async fn latest_run(&self, document_id: &DocumentId) -> Result<Option<Run>, TemporalError> {
        let mut client = self.client()?;
        let request =
            DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: Some(execution(document_id)) };
        match within(client.describe_workflow_execution(bounded(request))).await {
            Ok(answer) => Ok(answer.workflow_execution_info.as_ref().and_then(Run::read)),
            Err(error) if error.code() == Some(Code::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A page of the runs that a visibility query finds, at most `size` of them.
    pub(crate) async fn list(&self, query: String, size: usize, from: Vec<u8>) -> Result<Runs, TemporalError> {
        let mut client = self.client()?;
        let request = ListWorkflowExecutionsRequest {
            namespace: client.namespace(),
            page_size: i32::try_from(size).unwrap_or(i32::MAX),
            next_page_token: from,
            query,
        };
        let answer = within(client.list_workflow_executions(bounded(request))).await?;
        Ok(Runs { runs: answer.executions.iter().filter_map(Run::read).collect(), next: answer.next_page_token })
    }

    /// Sends a signal to the document's run. `Ok(false)`: none is running.
    pub(crate) async fn signal(
        &self,
        document_id: &DocumentId,
        name: &str,
        payload: &(impl Serialize + Sync),
    ) -> Result<bool, TemporalError> {
        self.signal_run(execution(document_id), name, payload).await
    }

    async fn signal_run(
        &self,
        execution: WorkflowExecution,
        name: &str,
        payload: &(impl Serialize + Sync),
    ) -> Result<bool, TemporalError> {
        let mut client = self.client()?;
        let payload = payload.as_json_payload().map_err(TemporalError::Payload)?;
        let request = SignalWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
            signal_name: name.to_owned(),
            input: Some(Payloads { payloads: vec![payload] }),
            identity: client.identity(),
            request_id: Uuid::now_v7().to_string(),
            ..Default::default()
        };
        match within(client.signal_workflow_execution(bounded(request))).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some(Code::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// When a worker last asked for workflow tasks of the voiding, in seconds since the epoch.
    pub(crate) async fn last_poll(&self) -> Result<Option<i64>, TemporalError> {
        let mut client = self.client()?;
        let request = DescribeTaskQueueRequest {
            namespace: client.namespace(),
            task_queue: Some(TaskQueue { name: voiding::TASK_QUEUE.to_owned(), ..Default::default() }),
            task_queue_type: TaskQueueType::Workflow.into(),
            ..Default::default()
        };
        let answer = within(client.describe_task_queue(bounded(request))).await?;
        Ok(answer.pollers.iter().filter_map(|poller| Some(poller.last_access_time.as_ref()?.seconds)).max())
    }
}

fn execution(document_id: &DocumentId) -> WorkflowExecution {
    WorkflowExecution { workflow_id: voiding::workflow_id(document_id), run_id: String::new() }
}

/// A request that is repeated only while Temporal cannot be reached: what it has answered, it would answer again.
fn bounded<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(WITHIN);
    request.extensions_mut().insert(NoRetryOnMatching { predicate: |status| status.code() != Code::Unavailable });
    request
}

async fn within<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, TemporalError> {
    let answer = tokio::time::timeout(WITHIN, call).await.map_err(|_| TemporalError::Late)?;
    answer.map(Response::into_inner).map_err(TemporalError::status)
}
