//! The worker's subscription to Billing's log, through everything that can happen at either end.

mod following;
mod length;
mod log_changed;
mod poison;
mod restored;
mod resumed;
mod several_workers;
mod two_systems;

use futures::future::join_all;
use messages::{DocumentId, billing::DocumentStatus};
use serde_json::Value;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, WorkflowExecution},
    workflow::v1::PendingActivityInfo,
    workflowservice::v1::{
        DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse, TerminateWorkflowExecutionRequest,
    },
};
use tests::{Env, Link, calls::until_answered, eventually, eventually_eq, sample};

const WORKFLOW_ID: &str = "subscription-voiding";

/// The subscription's workflow, as an operator sees it.
pub(super) struct Subscription<'a>(pub(super) &'a Env);

impl Subscription<'_> {
    /// Returns the answer to the query `state`.
    pub(super) async fn state(&self) -> Result<Value, String> {
        self.query("state").await
    }

    /// Returns the current details, as shown in the Web UI.
    pub(super) async fn details(&self) -> String {
        let metadata = self.query("__temporal_workflow_metadata").await.unwrap();
        metadata["currentDetails"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) async fn signal(&self, name: &str, payloads: Vec<Payload>) {
        self.0.temporal().signal_by_id(WORKFLOW_ID, name, payloads).await.unwrap();
    }

    pub(super) async fn terminate(&self) {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.0.temporal().namespace().to_owned(),
            workflow_execution: execution(),
            reason: "a test".to_owned(),
            ..Default::default()
        };
        self.0.temporal().service().await.terminate_workflow_execution(request.into_request()).await.unwrap();
    }

    pub(super) async fn describe(&self) -> DescribeWorkflowExecutionResponse {
        let namespace = self.0.temporal().namespace().to_owned();
        let request = DescribeWorkflowExecutionRequest { namespace, execution: execution() };
        let described = eventually("the subscription is described", async || {
            self.0.temporal().service().await.describe_workflow_execution(request.clone().into_request()).await
        });
        described.await.into_inner()
    }

    pub(super) async fn run_id(&self) -> String {
        let info = self.describe().await.workflow_execution_info;
        info.and_then(|info| info.execution).map(|run| run.run_id).unwrap_or_default()
    }

    /// Returns the one activity that follows the log.
    pub(super) async fn reader(&self) -> Option<PendingActivityInfo> {
        let mut pending = self.describe().await.pending_activities;
        assert!(pending.len() <= 1, "one reader at a time: {pending:?}");
        pending.pop()
    }

    /// Returns the position in the last heartbeat.
    pub(super) async fn position(&self) -> Option<i64> {
        let heartbeat = self.reader().await?.heartbeat_details?;
        let progress: Value = serde_json::from_slice(&heartbeat.payloads.first()?.data).ok()?;
        progress["position"].as_i64()
    }

    /// Waits until the subscription's heartbeat has reached the end of Billing's log.
    pub(super) async fn await_caught_up(&self) {
        let end = self.0.billing().log().await.last().map(|event| event.sequence);
        eventually_eq("the subscription has come to the end of the log", end, async || self.position().await).await;
    }

    /// Waits until the subscription is `following` or `stopped`.
    pub(super) async fn await_status(&self, status: &str) -> Value {
        eventually(&format!("the subscription is {status}"), async || match self.state().await {
            Ok(state) if state["status"] == status => Ok(state),
            other => Err(other),
        })
        .await
    }

    async fn query(&self, query_type: &str) -> Result<Value, String> {
        self.0.temporal().query_by_id(WORKFLOW_ID, query_type).await
    }
}

fn execution() -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: WORKFLOW_ID.to_owned(), run_id: String::new() })
}

/// Issues this many documents at Billing.
pub(super) async fn issue(env: &Env, count: usize) -> Vec<DocumentId> {
    let customer = sample::customer_id();
    let issued = (0..count).map(async |_| env.issue(&sample::invoice(&customer)).await.document_id);
    join_all(issued).await
}

/// Requests voidings from Billing itself: only the subscription can start them.
pub(super) async fn request(env: &Env, documents: &[DocumentId]) {
    let requested = documents.iter().map(async |id| {
        let _ = until_answered(async || env.billing().void(id).await).await.ok_as(202);
    });
    join_all(requested).await;
}

pub(super) async fn await_voided(env: &Env, documents: &[DocumentId]) {
    for id in documents {
        let voided = DocumentStatus::Voided;
        eventually_eq(&format!("{id} is voided"), voided, async || env.billing().status(id).await).await;
    }
}

/// Returns how often the worker has begun to read the log at its origin.
pub(super) fn reads_from_the_origin(env: &Env) -> usize {
    env.proxy(Link::WorkerToBilling).requests_to("/events?after=0&").len()
}
