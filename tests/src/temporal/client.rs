//! Calls of Temporal's own API, for one namespace.

use std::{collections::HashMap, time::Duration};

use messages::{DocumentId, voiding::VoidingView};
use serde_json::Value;
use temporalio_client::{
    Connection, ConnectionOptions, RetryOptions,
    grpc::WorkflowService,
    tonic::{Code, IntoRequest, Status},
};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType},
    history::v1::HistoryEvent,
    query::v1::WorkflowQuery,
    taskqueue::v1::TaskQueue,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{
        DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest, ListWorkflowExecutionsRequest,
        QueryWorkflowRequest, RegisterNamespaceRequest, RequestCancelWorkflowExecutionRequest,
        SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
    },
};
use tokio::sync::OnceCell;

use crate::eventually;

const READY_WITHIN: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
const TASK_QUEUE: &str = "voiding";
const WORKFLOW_TYPE: &str = "DocumentVoiding";

/// One namespace of a Temporal server.
#[derive(Debug)]
pub struct Temporal {
    address: String,
    namespace: String,
    connection: OnceCell<Connection>,
}

/// `voiding-<document id>`.
#[must_use]
pub fn workflow_id(document_id: &DocumentId) -> String {
    format!("voiding-{document_id}")
}

/// A payload as the CLI and every SDK encode JSON.
#[must_use]
pub fn json_payload(value: &Value) -> Payload {
    Payload {
        metadata: HashMap::from([("encoding".to_owned(), b"json/plain".to_vec())]),
        data: value.to_string().into_bytes(),
        ..Payload::default()
    }
}

impl Temporal {
    pub(crate) fn new(address: &str, namespace: &str) -> Self {
        Self { address: address.to_owned(), namespace: namespace.to_owned(), connection: OnceCell::new() }
    }

    /// `host:port` of the server.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The environment's namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// For calls that have no helper.
    ///
    /// # Panics
    /// When the server does not answer within 30 s.
    pub async fn service(&self) -> Box<dyn WorkflowService> {
        let connect = || eventually(READY_WITHIN, "Temporal answers", async || self.connect().await);
        self.connection.get_or_init(connect).await.workflow_service()
    }

    /// Makes the namespace, if there is none of this name, and waits until it can be used.
    pub(crate) async fn register_namespace(&self) {
        let request = RegisterNamespaceRequest {
            namespace: self.namespace.clone(),
            workflow_execution_retention_period: RETENTION.try_into().ok(),
            ..Default::default()
        };
        eventually(READY_WITHIN, "the namespace is made", async || {
            match self.service().await.register_namespace(request.clone().into_request()).await {
                Err(status) if status.code() != Code::AlreadyExists => Err(status),
                _ => self.try_list("").await.map(|_| ()),
            }
        })
        .await;
    }

    /// Starts `voiding-<document id>` with any input, as any other client would; the run's id, or Temporal's answer.
    ///
    /// # Errors
    /// What Temporal answered, such as `AlreadyExists`.
    pub async fn start(&self, workflow_id: &str, input: &[Value]) -> Result<String, Status> {
        let request = StartWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_id: workflow_id.to_owned(),
            workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
            task_queue: Some(TaskQueue { name: TASK_QUEUE.to_owned(), ..Default::default() }),
            input: Some(Payloads { payloads: input.iter().map(json_payload).collect() }),
            request_id: crate::sample::unique("start"),
            ..Default::default()
        };
        let answer = self.service().await.start_workflow_execution(request.into_request()).await?;
        Ok(answer.into_inner().run_id)
    }

    /// The document's latest run; `None` when there is none.
    ///
    /// # Panics
    /// When Temporal cannot be asked.
    pub async fn describe(&self, document_id: &DocumentId) -> Option<WorkflowExecutionInfo> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            execution: execution(document_id, ""),
        };
        match self.service().await.describe_workflow_execution(request.into_request()).await {
            Ok(answer) => answer.into_inner().workflow_execution_info,
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("describe {document_id}: {status}"),
        }
    }

    /// The history of the document's latest run.
    ///
    /// # Panics
    /// When there is none.
    pub async fn history(&self, document_id: &DocumentId) -> Vec<HistoryEvent> {
        self.history_of(document_id, "").await
    }

    /// The history of one of the document's runs.
    ///
    /// # Panics
    /// When there is none.
    pub async fn history_of(&self, document_id: &DocumentId, run_id: &str) -> Vec<HistoryEvent> {
        self.events(&workflow_id(document_id), run_id).await
    }

    /// The history of the latest run of any workflow.
    ///
    /// # Panics
    /// When there is none.
    pub async fn history_by_id(&self, workflow_id: &str) -> Vec<HistoryEvent> {
        self.events(workflow_id, "").await
    }

    async fn events(&self, workflow_id: &str, run_id: &str) -> Vec<HistoryEvent> {
        let mut events = Vec::new();
        let mut next_page_token = Vec::new();
        loop {
            let request = GetWorkflowExecutionHistoryRequest {
                namespace: self.namespace.clone(),
                execution: Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: run_id.to_owned() }),
                next_page_token,
                ..Default::default()
            };
            let answer = self.service().await.get_workflow_execution_history(request.into_request()).await;
            let page = answer.unwrap_or_else(|status| panic!("history of {workflow_id}: {status}")).into_inner();
            events.extend(page.history.unwrap_or_default().events);
            next_page_token = page.next_page_token;
            if next_page_token.is_empty() {
                return events;
            }
        }
    }

    /// The workflow's answer to the query `state`.
    ///
    /// # Errors
    /// What Temporal answered instead, such as that no worker runs.
    pub async fn query_state(&self, document_id: &DocumentId) -> Result<VoidingView, String> {
        let request = QueryWorkflowRequest {
            namespace: self.namespace.clone(),
            execution: execution(document_id, ""),
            query: Some(WorkflowQuery { query_type: "state".to_owned(), ..Default::default() }),
            ..Default::default()
        };
        let answer =
            self.service().await.query_workflow(request.into_request()).await.map_err(|status| status.to_string())?;
        let payloads = answer.into_inner().query_result.ok_or("the query was rejected")?.payloads;
        let payload = payloads.first().ok_or("the query answered nothing")?;
        serde_json::from_slice(&payload.data).map_err(|error| error.to_string())
    }

    /// Sends a signal of any name with any payloads to the document's latest run.
    ///
    /// # Errors
    /// What Temporal answered, such as that the run has ended.
    pub async fn signal(&self, document_id: &DocumentId, name: &str, payloads: Vec<Payload>) -> Result<(), Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: execution(document_id, ""),
            signal_name: name.to_owned(),
            input: (!payloads.is_empty()).then_some(Payloads { payloads }),
            request_id: crate::sample::unique("signal"),
            ..Default::default()
        };
        self.service().await.signal_workflow_execution(request.into_request()).await.map(|_| ())
    }

    /// Terminates the document's latest run, as an operator would.
    ///
    /// # Errors
    /// What Temporal answered, such as that the run has ended.
    pub async fn terminate(&self, document_id: &DocumentId) -> Result<(), Status> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: execution(document_id, ""),
            reason: "a test".to_owned(),
            ..Default::default()
        };
        self.service().await.terminate_workflow_execution(request.into_request()).await.map(|_| ())
    }

    /// Cancels the document's latest run, as an operator would.
    ///
    /// # Errors
    /// What Temporal answered, such as that the run has ended.
    pub async fn cancel(&self, document_id: &DocumentId) -> Result<(), Status> {
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: execution(document_id, ""),
            reason: "a test".to_owned(),
            request_id: crate::sample::unique("cancel"),
            ..Default::default()
        };
        self.service().await.request_cancel_workflow_execution(request.into_request()).await.map(|_| ())
    }

    /// The runs that a visibility query finds, such as `ExecutionStatus = 'Running'`. Lags by up to a second.
    ///
    /// # Panics
    /// When Temporal cannot be asked.
    pub async fn list(&self, query: &str) -> Vec<WorkflowExecutionInfo> {
        self.try_list(query).await.unwrap_or_else(|status| panic!("list {query:?}: {status}"))
    }

    async fn try_list(&self, query: &str) -> Result<Vec<WorkflowExecutionInfo>, Status> {
        let mut runs = Vec::new();
        let mut next_page_token = Vec::new();
        loop {
            let request = ListWorkflowExecutionsRequest {
                namespace: self.namespace.clone(),
                page_size: 1000,
                next_page_token,
                query: query.to_owned(),
            };
            let page = self.service().await.list_workflow_executions(request.into_request()).await?.into_inner();
            runs.extend(page.executions);
            next_page_token = page.next_page_token;
            if next_page_token.is_empty() {
                return Ok(runs);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let url = reqwest::Url::parse(&format!("http://{}", self.address)).map_err(|error| error.to_string())?;
        let options = ConnectionOptions::new(url).retry_options(RetryOptions::no_retries());
        Connection::connect(options.connect_timeout(Duration::from_secs(2)).build()).await.map_err(|e| e.to_string())
    }
}

fn execution(document_id: &DocumentId, run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id(document_id), run_id: run_id.to_owned() })
}
