//! The test run's Temporal server, and what scenarios read of a namespace on it.

use std::{
    sync::{OnceLock, mpsc},
    thread,
};

use process_manager_host::{connect::TemporalConfig, testing::TestServer};
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution},
    history::v1::HistoryEvent,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{
        GetWorkflowExecutionHistoryRequest, ListWorkflowExecutionsRequest, SignalWorkflowExecutionRequest,
    },
};
use test_support::temporal_cli;
use uuid::Uuid;

/// Returns a namespace of its own on the test run's server.
pub(super) async fn namespace() -> TestServer {
    static SHARED: OnceLock<String> = OnceLock::new();
    let address = SHARED.get_or_init(shared).parse().unwrap();
    let server = TestServer::on(TemporalConfig::at(address, "default")).await.unwrap();
    server.in_namespace(&format!("scenario-{}", Uuid::now_v7())).await.unwrap()
}

/// Starts the server in a runtime that outlives each test's own; the server ends with the test process.
fn shared() -> String {
    let (started, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::start_with(temporal_cli()).await.unwrap();
            started.send(server.address().to_string()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    address.recv().expect("the server starts")
}

/// Returns the history of a workflow's latest run.
pub(super) async fn history(client: &Client, workflow_id: &str) -> Vec<HistoryEvent> {
    history_of(client, workflow_id, "").await
}

/// Returns the history of one run.
pub(super) async fn history_of(client: &Client, workflow_id: &str, run_id: &str) -> Vec<HistoryEvent> {
    let execution = WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: run_id.to_owned() };
    let mut client = client.clone();
    let (mut events, mut next_page_token) = (Vec::new(), Vec::new());
    loop {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: client.namespace(),
            execution: Some(execution.clone()),
            next_page_token,
            ..Default::default()
        };
        let page = client.get_workflow_execution_history(request.into_request()).await.unwrap().into_inner();
        events.extend(page.history.unwrap_or_default().events);
        next_page_token = page.next_page_token;
        if next_page_token.is_empty() {
            return events;
        }
    }
}

/// Returns the runs that match a visibility query. Lags by up to a second.
pub(super) async fn list(client: &Client, query: &str) -> Vec<WorkflowExecutionInfo> {
    let mut client = client.clone();
    let namespace = client.namespace();
    let request = ListWorkflowExecutionsRequest { namespace, query: query.to_owned(), ..Default::default() };
    client.list_workflow_executions(request.into_request()).await.unwrap().into_inner().executions
}

/// Signals a workflow's latest run with any payload, as the CLI does.
pub(super) async fn signal(client: &Client, workflow_id: &str, name: &str, payload: Option<serde_json::Value>) {
    let mut client = client.clone();
    let request = SignalWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: execution(workflow_id),
        signal_name: name.to_owned(),
        input: payload.map(|payload| Payloads { payloads: vec![json(&payload)] }),
        request_id: Uuid::now_v7().to_string(),
        ..Default::default()
    };
    client.signal_workflow_execution(request.into_request()).await.unwrap();
}

fn execution(workflow_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() })
}

fn json(value: &serde_json::Value) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: value.to_string().into_bytes(),
        ..Payload::default()
    }
}
