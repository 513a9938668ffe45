//! A namespace of a Temporal server, and the calls that change something in it.

use std::{collections::HashMap, time::Duration};

use messages::{ContractId, DocumentId, TransferId};
use serde_json::Value;
use temporalio_client::{
    Connection, ConnectionOptions, RetryOptions,
    grpc::WorkflowService,
    tonic::{Code, IntoRequest, Status},
};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType},
    taskqueue::v1::TaskQueue,
    workflowservice::v1::{
        RegisterNamespaceRequest, RequestCancelWorkflowExecutionRequest, SignalWorkflowExecutionRequest,
        StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
    },
};
use tokio::sync::OnceCell;

use super::TemporalServer;
use crate::eventually;

const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
const TASK_QUEUE: &str = "voiding";
const WORKFLOW_TYPE: &str = "DocumentVoiding";

/// One namespace of a Temporal server.
#[derive(Debug)]
pub struct Temporal {
    server: TemporalServer,
    namespace: String,
    connection: OnceCell<Connection>,
}

/// Returns `voiding-<document id>`.
#[must_use]
pub fn workflow_id(document_id: &DocumentId) -> String {
    format!("voiding-{document_id}")
}

/// Returns `TransferMoney-<transfer id>`.
#[must_use]
pub fn transfer_workflow_id(transfer_id: &TransferId) -> String {
    format!("TransferMoney-{transfer_id}")
}

/// Returns `ContractConfirmation-<contract id>`.
#[must_use]
pub fn confirmation_workflow_id(contract_id: &ContractId) -> String {
    format!("ContractConfirmation-{contract_id}")
}

/// Returns a payload with JSON as the CLI and every SDK encode it.
#[must_use]
pub fn json_payload(value: &Value) -> Payload {
    Payload {
        metadata: HashMap::from([("encoding".to_owned(), b"json/plain".to_vec())]),
        data: value.to_string().into_bytes(),
        ..Payload::default()
    }
}

impl Temporal {
    pub(crate) fn new(server: &TemporalServer, namespace: &str) -> Self {
        Self { server: server.clone(), namespace: namespace.to_owned(), connection: OnceCell::new() }
    }

    /// Returns `host:port` of the server.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// Returns the URL of the server's own metrics.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.server.metrics()
    }

    /// Returns the environment's namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the raw service, for calls that have no helper.
    ///
    /// # Panics
    /// Panics if the server does not answer.
    pub async fn service(&self) -> Box<dyn WorkflowService> {
        let connect = || eventually("Temporal answers", async || self.connect().await);
        self.connection.get_or_init(connect).await.workflow_service()
    }

    /// Registers the namespace if it does not exist, and waits until it can be used.
    pub(crate) async fn register_namespace(&self) {
        let request = RegisterNamespaceRequest {
            namespace: self.namespace.clone(),
            workflow_execution_retention_period: RETENTION.try_into().ok(),
            ..Default::default()
        };
        eventually("the namespace is made", async || {
            match self.service().await.register_namespace(request.clone().into_request()).await {
                Err(status) if status.code() != Code::AlreadyExists => Err(status),
                _ => self.try_list("").await.map(|_| ()),
            }
        })
        .await;
    }

    /// Starts a voiding with this workflow id and any input, as any other client would. Returns the run's id.
    ///
    /// # Errors
    /// Returns Temporal's answer, such as `AlreadyExists`.
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
        let call = async || self.service().await.start_workflow_execution(request.clone().into_request()).await;
        Ok(patiently(call).await?.into_inner().run_id)
    }

    /// Sends a signal with any name and payloads to the document's latest run.
    ///
    /// # Errors
    /// Returns Temporal's answer, such as that the run has ended.
    pub async fn signal(&self, document_id: &DocumentId, name: &str, payloads: Vec<Payload>) -> Result<(), Status> {
        self.signal_by_id(&workflow_id(document_id), name, payloads).await
    }

    /// Sends a signal with any name and payloads to a workflow's latest run.
    ///
    /// # Errors
    /// Returns Temporal's answer, such as that the run has ended.
    pub async fn signal_by_id(&self, workflow_id: &str, name: &str, payloads: Vec<Payload>) -> Result<(), Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: execution(workflow_id, ""),
            signal_name: name.to_owned(),
            input: (!payloads.is_empty()).then_some(Payloads { payloads }),
            request_id: crate::sample::unique("signal"),
            ..Default::default()
        };
        let call = async || self.service().await.signal_workflow_execution(request.clone().into_request()).await;
        patiently(call).await.map(|_| ())
    }

    /// Terminates the document's latest run, as an operator would.
    ///
    /// # Errors
    /// Returns Temporal's answer, such as that the run has ended.
    pub async fn terminate(&self, document_id: &DocumentId) -> Result<(), Status> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: execution(&workflow_id(document_id), ""),
            reason: "a test".to_owned(),
            ..Default::default()
        };
        let call = async || self.service().await.terminate_workflow_execution(request.clone().into_request()).await;
        patiently(call).await.map(|_| ())
    }

    /// Cancels the document's latest run, as an operator would.
    ///
    /// # Errors
    /// Returns Temporal's answer, such as that the run has ended.
    pub async fn cancel(&self, document_id: &DocumentId) -> Result<(), Status> {
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: execution(&workflow_id(document_id), ""),
            reason: "a test".to_owned(),
            request_id: crate::sample::unique("cancel"),
            ..Default::default()
        };
        let call =
            async || self.service().await.request_cancel_workflow_execution(request.clone().into_request()).await;
        patiently(call).await.map(|_| ())
    }

    async fn connect(&self) -> Result<Connection, String> {
        let url = reqwest::Url::parse(&format!("http://{}", self.address())).map_err(|error| error.to_string())?;
        let options = ConnectionOptions::new(url).retry_options(RetryOptions::no_retries());
        Connection::connect(options.connect_timeout(Duration::from_secs(2)).build()).await.map_err(|e| e.to_string())
    }
}

/// Repeats a call while the server is too busy to answer it.
pub(super) async fn patiently<T>(mut call: impl AsyncFnMut() -> Result<T, Status>) -> Result<T, Status> {
    eventually("Temporal is not too busy", async || match call().await {
        Err(status) if is_busy(&status) => Err(status),
        answer => Ok(answer),
    })
    .await
}

fn is_busy(status: &Status) -> bool {
    let late = [Code::Cancelled, Code::DeadlineExceeded, Code::ResourceExhausted, Code::Unavailable];
    late.contains(&status.code()) || (status.code() == Code::NotFound && status.message().starts_with("Namespace"))
}

pub(super) fn execution(workflow_id: &str, run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: run_id.to_owned() })
}
