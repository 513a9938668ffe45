//! Starts workflows over a connection to Temporal.

use std::time::Duration;

use process_manager_client::http::{CommandClient, Timeouts};
use serde_json::json;
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payloads, WorkflowType},
    taskqueue::v1::TaskQueue,
    workflowservice::v1::StartWorkflowExecutionRequest,
};
use tests::json_payload;
use tokio::time::sleep;
use voiding_client::VoidingClient;
use workflows::voiding::TASK_QUEUE;

use crate::kinds::{Kind, document_id, voiding};

/// The start of a voiding gives up after 3 s, because its callers cannot wait longer.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// Starts workflows; a voiding in the same way as the api and the subscription.
pub(crate) struct Starter {
    client: Client,
    voidings: VoidingClient,
    /// Whether an empty or a regular workflow is to begin with the answer to its start. A voiding does so if it can.
    is_eager: bool,
}

impl Starter {
    pub(crate) fn new(client: &Client, services: &str, is_eager: bool) -> Self {
        let billing = CommandClient::new(services.parse().unwrap(), Timeouts::default()).unwrap();
        Self { client: client.clone(), voidings: VoidingClient::new(client.clone(), billing), is_eager }
    }

    /// Starts a workflow. Repeats the start while Temporal is busy.
    pub(crate) async fn start(&self, kind: Kind, number: usize) -> Result<(), String> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = match kind {
                Kind::Voiding => self.voidings.start(&voiding(number)).await.map(drop).map_err(|e| e.to_string()),
                _ => self.plain(kind, number).await,
            };
            match outcome {
                Err(why) if attempts < ATTEMPTS => eprintln!("the start of {number} again: {why}"),
                outcome => return outcome,
            }
            sleep(PAUSE).await;
        }
    }

    /// Starts a workflow with a plain request.
    async fn plain(&self, kind: Kind, number: usize) -> Result<(), String> {
        let workflow_id = kind.workflow_id(number);
        let input = match kind {
            Kind::Alone => json!({"document_id": document_id(number)}),
            _ => json!(voiding(number)),
        };
        let request = StartWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            identity: self.client.identity(),
            request_id: workflow_id.clone(),
            workflow_id,
            workflow_type: Some(WorkflowType { name: kind.workflow_type().to_owned() }),
            task_queue: Some(TaskQueue { name: TASK_QUEUE.to_owned(), ..TaskQueue::default() }),
            input: Some(Payloads { payloads: vec![json_payload(&input)] }),
            request_eager_execution: self.is_eager,
            ..StartWorkflowExecutionRequest::default()
        };
        let started = self.client.clone().start_workflow_execution(request.into_request()).await;
        started.map(drop).map_err(|status| status.to_string())
    }
}
