//! Namespaces of a test server.

use std::time::Duration;

use temporalio_client::{
    Client,
    grpc::WorkflowService,
    tonic::{Code, IntoRequest, Status},
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    ListWorkflowExecutionsRequest, RegisterNamespaceRequest,
};
use tokio::time::{Instant, sleep};

/// How long ended runs can be read.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// The time limit until a new namespace can be used. That takes less than a second; a busy machine may need much
/// longer.
const LIMIT: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);

/// Creates the namespace if it does not exist, and returns once it can be used.
///
/// # Errors
/// The server's last answer, if it refuses the namespace, or does not serve it after two minutes.
pub(super) async fn create(client: &Client, namespace: &str) -> Result<(), Box<Status>> {
    let mut service = client.clone();
    let register = RegisterNamespaceRequest {
        namespace: namespace.to_owned(),
        workflow_execution_retention_period: RETENTION.try_into().ok(),
        ..Default::default()
    };
    match service.register_namespace(register.into_request()).await {
        Err(status) if status.code() != Code::AlreadyExists => return Err(Box::new(status)),
        _ => (),
    }
    let deadline = Instant::now() + LIMIT;
    loop {
        let list =
            ListWorkflowExecutionsRequest { namespace: namespace.to_owned(), page_size: 1, ..Default::default() };
        match service.list_workflow_executions(list.into_request()).await {
            Ok(_) => return Ok(()),
            Err(status) if Instant::now() > deadline => return Err(Box::new(status)),
            Err(_) => sleep(PAUSE).await,
        }
    }
}
