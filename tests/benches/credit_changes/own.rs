//! The server's own rates: calls about workflows that no worker runs, as many concurrently as a subscription has.

use std::{ops::Range, time::Instant};

use futures::{StreamExt, stream};
use serde_json::json;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowType},
    enums::v1::WorkflowIdConflictPolicy,
    taskqueue::v1::TaskQueue,
    workflowservice::v1::SignalWithStartWorkflowExecutionRequest,
};
use tests::{Temporal, bench::rate, json_payload};

use crate::system::System;

const AT_ONCE: usize = 32;
/// Enough to measure a rate: they stay on the server.
const MOST: usize = 2_000;

/// Calls per second.
pub(crate) struct Own {
    /// Signals with start of new workflows.
    pub(crate) starts: f64,
    /// Signals to running workflows, one each.
    pub(crate) signals: f64,
}

impl System {
    pub(crate) async fn own(&self, count: usize) -> Own {
        let (temporal, count) = (self.env.temporal(), count.min(MOST));
        let begun = Instant::now();
        all(0..count, |number| start(temporal, number)).await;
        let starts = rate(count, begun.elapsed());
        let begun = Instant::now();
        all(0..count, |number| signal(temporal, number)).await;
        Own { starts, signals: rate(count, begun.elapsed()) }
    }
}

async fn all<F: Future<Output = ()>>(numbers: Range<usize>, call: impl FnMut(usize) -> F) {
    stream::iter(numbers).map(call).buffer_unordered(AT_ONCE).collect::<()>().await;
}

async fn start(temporal: &Temporal, number: usize) {
    let request = SignalWithStartWorkflowExecutionRequest {
        namespace: temporal.namespace().to_owned(),
        workflow_id: format!("bench-{number}"),
        workflow_type: Some(WorkflowType { name: "Nobody".to_owned() }),
        task_queue: Some(TaskQueue { name: "nobody".to_owned(), ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![payload()] }),
        signal_name: "deliver".to_owned(),
        signal_input: Some(Payloads { payloads: vec![payload()] }),
        request_id: format!("start-{number}"),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
        ..SignalWithStartWorkflowExecutionRequest::default()
    };
    temporal.service().await.signal_with_start_workflow_execution(request.into_request()).await.unwrap();
}

async fn signal(temporal: &Temporal, number: usize) {
    temporal.signal_by_id(&format!("bench-{number}"), "deliver", vec![payload()]).await.unwrap();
}

/// Returns a payload about as large as an event.
fn payload() -> Payload {
    json_payload(&json!({"event": "x".repeat(500)}))
}
