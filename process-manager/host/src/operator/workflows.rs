//! Requests about workflows of any type, bounded in time.

use std::{future::Future, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use temporalio_client::{
    Client, NamespacedClient,
    grpc::WorkflowService,
    request_extensions::NoRetryOnMatching,
    tonic::{Code, IntoRequest, Request, Response, Status},
};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution},
    enums::v1::{HistoryEventFilterType, TaskQueueType},
    query::v1::WorkflowQuery,
    taskqueue::v1::TaskQueue,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{
        CountWorkflowExecutionsRequest, DescribeTaskQueueRequest, DescribeWorkflowExecutionRequest,
        GetWorkflowExecutionHistoryRequest, ListWorkflowExecutionsRequest, QueryWorkflowRequest,
        SignalWorkflowExecutionRequest,
    },
};
use url::Url;
use uuid::Uuid;

use super::{
    OperatorError,
    read::{PendingCommand, first, timestamp},
};
use crate::connect::LazyClient;

/// The time limit of one request, including its repetitions.
pub(super) const WITHIN: Duration = Duration::from_secs(3);
/// The time limit of a long poll, which the server answers within 20 s.
const LONG_POLL: Duration = Duration::from_secs(60);
/// The time limit of a query: a worker answers in milliseconds, and without one the other details have to suffice.
const QUERY_WITHIN: Duration = Duration::from_secs(1);

/// Requests about workflows of any type. Only [`Workflows::query`] needs a worker.
#[derive(Debug, Clone)]
pub struct Workflows {
    client: LazyClient,
}

/// The latest run of a workflow.
#[derive(Debug, Clone)]
pub struct Described {
    /// The run as Temporal describes it.
    pub info: WorkflowExecutionInfo,
    /// Commands that have faulted and are being retried, or run for the first time.
    pub pending: Vec<PendingCommand>,
    /// The details of a running activity's last heartbeat.
    pub heartbeat: Option<Payload>,
}

/// A page of a list, and the token of the next page (empty if there is none).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The page.
    pub items: Vec<T>,
    /// Temporal's token for the next page.
    pub next: Vec<u8>,
}

impl Workflows {
    /// Creates a client for these requests alone.
    #[must_use]
    pub fn new(client: impl Into<LazyClient>) -> Self {
        Self { client: client.into() }
    }

    /// Returns the namespace; empty while there is no connection.
    #[must_use]
    pub fn namespace(&self) -> String {
        self.client.get().map(NamespacedClient::namespace).unwrap_or_default()
    }

    /// Returns the client.
    ///
    /// # Errors
    /// [`OperatorError::NotConnected`] until there has been a connection.
    pub fn client(&self) -> Result<Client, OperatorError> {
        self.client.get().cloned().ok_or(OperatorError::NotConnected)
    }

    /// Describes the latest run of a workflow; returns `None` if there never was one.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the request.
    pub async fn describe(&self, workflow_id: &str) -> Result<Option<Described>, OperatorError> {
        let mut client = self.client()?;
        let request =
            DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: Some(latest(workflow_id)) };
        let answer = found(within(client.describe_workflow_execution(bounded(request))).await)?;
        Ok(answer.and_then(|answer| {
            let pending = answer.pending_activities.iter().map(PendingCommand::read).collect();
            let details = answer.pending_activities.into_iter().find_map(|activity| activity.heartbeat_details);
            let heartbeat = details.and_then(|details| details.payloads.into_iter().next());
            Some(Described { info: answer.workflow_execution_info?, pending, heartbeat })
        }))
    }

    /// Waits until a run has closed. The server holds back its answer until then, so this costs one request every 20 s.
    ///
    /// # Errors
    /// Temporal is unavailable, or does not know the run.
    pub async fn closed(&self, workflow_id: &str, run_id: &str) -> Result<(), OperatorError> {
        let mut client = self.client()?;
        let execution = WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: run_id.to_owned() };
        let mut request = GetWorkflowExecutionHistoryRequest {
            namespace: client.namespace(),
            execution: Some(execution),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
            skip_archival: true,
            ..GetWorkflowExecutionHistoryRequest::default()
        };
        loop {
            let mut poll = request.clone().into_request();
            poll.set_timeout(LONG_POLL);
            let answer = client.get_workflow_execution_history(poll).await.map_err(OperatorError::of)?.into_inner();
            if answer.history.is_some_and(|history| !history.events.is_empty()) {
                return Ok(());
            }
            request.next_page_token = answer.next_page_token;
        }
    }

    /// Lists a page of at most `size` runs that match a visibility query.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the query or the token.
    pub async fn list(
        &self,
        query: &str,
        size: usize,
        from: Vec<u8>,
    ) -> Result<Listed<WorkflowExecutionInfo>, OperatorError> {
        let mut client = self.client()?;
        let request = ListWorkflowExecutionsRequest {
            namespace: client.namespace(),
            page_size: i32::try_from(size).unwrap_or(i32::MAX),
            next_page_token: from,
            query: query.to_owned(),
        };
        let answer = within(client.list_workflow_executions(bounded(request))).await?.map_err(OperatorError::of)?;
        Ok(Listed { items: answer.executions, next: answer.next_page_token })
    }

    /// Returns the token if more runs follow, otherwise an empty one: a full page of Temporal carries a token even if
    /// it is the last one.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the query or the token.
    pub async fn where_more_follow(&self, query: &str, token: Vec<u8>) -> Result<Vec<u8>, OperatorError> {
        let is_last = token.is_empty() || self.list(query, 1, token.clone()).await?.items.is_empty();
        Ok(if is_last { Vec::new() } else { token })
    }

    /// Counts the runs that match a visibility query.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the query.
    pub async fn count(&self, query: &str) -> Result<i64, OperatorError> {
        let mut client = self.client()?;
        let request = CountWorkflowExecutionsRequest { namespace: client.namespace(), query: query.to_owned() };
        let answer = within(client.count_workflow_executions(bounded(request))).await?;
        Ok(answer.map_err(OperatorError::of)?.count)
    }

    /// Signals the running run of a workflow.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`] or [`OperatorError::NotRunning`] if none runs, [`OperatorError::Closing`] if it is
    /// about to end, [`OperatorError::Full`] if it takes no more signals; Temporal is unavailable or rejects the
    /// request.
    pub async fn signal(
        &self,
        workflow_id: &str,
        name: &str,
        payload: &(impl Serialize + Sync),
    ) -> Result<(), OperatorError> {
        let mut client = self.client()?;
        let payload = json(payload)?;
        let request = SignalWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(latest(workflow_id)),
            signal_name: name.to_owned(),
            input: Some(Payloads { payloads: vec![payload] }),
            identity: client.identity(),
            request_id: Uuid::now_v7().to_string(),
            ..Default::default()
        };
        match within(client.signal_workflow_execution(bounded(request))).await? {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::NotFound => {
                let exists = self.describe(workflow_id).await?.is_some();
                let id = workflow_id.to_owned();
                Err(if exists { OperatorError::NotRunning(id) } else { OperatorError::NotFound(id) })
            }
            Err(status) if says(&status, Code::ResourceExhausted, CLOSING) => {
                Err(OperatorError::Closing(workflow_id.to_owned()))
            }
            Err(status) if says(&status, Code::InvalidArgument, FULL) => {
                Err(OperatorError::Full(workflow_id.to_owned()))
            }
            Err(status) => Err(OperatorError::of(status)),
        }
    }

    /// Queries the latest run of a workflow; returns `None` without an answer in time, or if it has another form.
    ///
    /// # Errors
    /// [`OperatorError::NotConnected`] until there has been a connection.
    pub async fn query<T: DeserializeOwned>(&self, workflow_id: &str, name: &str) -> Result<Option<T>, OperatorError> {
        let mut client = self.client()?;
        let mut request = bounded(QueryWorkflowRequest {
            namespace: client.namespace(),
            execution: Some(latest(workflow_id)),
            query: Some(WorkflowQuery { query_type: name.to_owned(), ..WorkflowQuery::default() }),
            ..QueryWorkflowRequest::default()
        });
        request.set_timeout(QUERY_WITHIN);
        let Ok(Ok(answer)) = tokio::time::timeout(QUERY_WITHIN, client.query_workflow(request)).await else {
            return Ok(None);
        };
        Ok(answer.into_inner().query_result.and_then(|result| first(Some(&result))))
    }

    /// Returns when a worker last asked for workflow tasks of this queue.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the request.
    pub async fn last_poll(&self, task_queue: &str) -> Result<Option<DateTime<Utc>>, OperatorError> {
        let mut client = self.client()?;
        let request = DescribeTaskQueueRequest {
            namespace: client.namespace(),
            task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..Default::default() }),
            task_queue_type: TaskQueueType::Workflow.into(),
            ..Default::default()
        };
        let answer = within(client.describe_task_queue(bounded(request))).await?.map_err(OperatorError::of)?;
        let polls = answer.pollers.iter().filter_map(|poller| poller.last_access_time.as_ref());
        Ok(polls.filter_map(|at| timestamp(at.seconds, at.nanos)).max())
    }
}

/// Temporal's text, because its code alone does not say this.
const CLOSING: &str = "workflow is closing";
const FULL: &str = "exceeded workflow execution limit for signal";

fn says(status: &Status, code: Code, words: &str) -> bool {
    status.code() == code && status.message().contains(words)
}

/// Encodes a payload; the SDK's own conversion has an untyped error.
pub(crate) fn json(value: &impl Serialize) -> Result<Payload, serde_json::Error> {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Ok(Payload { metadata, data: serde_json::to_vec(value)?, ..Payload::default() })
}

pub(super) fn latest(workflow_id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() }
}

/// Returns a request that is repeated only while Temporal cannot be reached: Temporal would repeat any other answer.
pub(crate) fn bounded<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(WITHIN);
    request.extensions_mut().insert(NoRetryOnMatching { predicate: |status| status.code() != Code::Unavailable });
    request
}

pub(crate) async fn within<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Result<T, Status>, OperatorError> {
    let answer = tokio::time::timeout(WITHIN, call).await.map_err(|_| OperatorError::NoAnswer)?;
    Ok(answer.map(Response::into_inner))
}

/// Returns `None` if the answer says that there is no such workflow.
pub(super) fn found<T>(answer: Result<Result<T, Status>, OperatorError>) -> Result<Option<T>, OperatorError> {
    match answer? {
        Ok(answer) => Ok(Some(answer)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(OperatorError::of(status)),
    }
}

/// Returns the URL of a run in Temporal's Web UI, whose own URL is `base`.
#[must_use]
pub fn web_ui(base: &Url, namespace: &str, workflow_id: &str, run_id: &str) -> String {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["namespaces", namespace, "workflows", workflow_id, run_id, "history"]);
    }
    url.into()
}
