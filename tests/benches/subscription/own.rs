//! The rates of the server and its client without a subscription: signals to empty workflows, or starts of them.

use std::{ops::Range, time::Duration};

use futures::{StreamExt, stream};
use process_manager_host::testing::TASK_QUEUE;
use serde_json::json;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType},
    taskqueue::v1::TaskQueue,
    workflowservice::v1::{SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest},
};
use tests::json_payload;

use crate::{
    count::{Empty, taken},
    row::Row,
    system::{Spent, System},
};

pub(crate) struct Own {
    /// Time until the last request was answered.
    pub(crate) sent: Duration,
    /// Time until the workflows had received everything.
    pub(crate) spent: Spent,
}

/// Who runs the workflows meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worker {
    Nobody,
    /// This program, as it runs those of the subscription.
    Hosted,
}

/// Sends as many signals as there are events, or as many starts if each event has its own instance.
pub(crate) async fn send(row: &Row, by: Worker, at_once: usize) -> Own {
    let system = System::start().await;
    let hosted = match by {
        Worker::Nobody => None,
        Worker::Hosted => {
            let host = system.server.host_with(
                |hosting| hosting,
                |options| {
                    options.register_workflow::<Empty>().unwrap();
                },
            );
            Some(host.await.unwrap())
        }
    };
    if row.they_run {
        all(0..row.instances, at_once, |number| system.start_one(number)).await;
    }
    let begun = system.begin().await;
    if row.they_run {
        all(0..row.events, at_once, |number| system.signal(number, number % row.instances)).await;
    } else {
        all(0..row.events, at_once, |number| system.start_one(number)).await;
    }
    let sent = begun.elapsed();
    if by == Worker::Hosted && row.they_run {
        taken(row.events).await;
    }
    let spent = system.end(&begun).await;
    if let Some(worker) = hosted {
        worker.end();
    }
    Own { sent, spent }
}

async fn all<F: Future<Output = ()>>(numbers: Range<usize>, at_once: usize, call: impl FnMut(usize) -> F) {
    stream::iter(numbers).map(call).buffer_unordered(at_once).collect::<()>().await;
}

impl System {
    async fn start_one(&self, number: usize) {
        let mut client = self.server.client().clone();
        let request = StartWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_id: format!("bench-{number}"),
            workflow_type: Some(WorkflowType { name: Empty::name().to_owned() }),
            task_queue: Some(TaskQueue { name: TASK_QUEUE.to_owned(), ..TaskQueue::default() }),
            input: Some(Payloads { payloads: vec![payload()] }),
            request_id: format!("start-{number}"),
            ..StartWorkflowExecutionRequest::default()
        };
        client.start_workflow_execution(request.into_request()).await.unwrap();
    }

    async fn signal(&self, number: usize, workflow: usize) {
        let mut client = self.server.client().clone();
        let request = SignalWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(WorkflowExecution {
                workflow_id: format!("bench-{workflow}"),
                run_id: String::new(),
            }),
            signal_name: "deliver".to_owned(),
            input: Some(Payloads { payloads: vec![payload()] }),
            request_id: format!("signal-{number}"),
            ..SignalWorkflowExecutionRequest::default()
        };
        client.signal_workflow_execution(request.into_request()).await.unwrap();
    }
}

/// Returns a payload about as large as an event.
fn payload() -> Payload {
    json_payload(&json!({"event": "x".repeat(500)}))
}
