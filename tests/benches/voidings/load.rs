//! A number of workflows with a number of them in flight: the next one begins when one has closed.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use process_manager_host::connect::{TemporalConfig, is_unavailable};
use temporalio_client::{
    Client, NamespacedClient,
    grpc::WorkflowService,
    tonic::{Code, IntoRequest},
};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::{EventType, HistoryEventFilterType},
    workflowservice::v1::GetWorkflowExecutionHistoryRequest,
};
use tests::{
    Env,
    bench::{Both, float},
};
use tokio::time::sleep;

/// Pause before looking again for a workflow that somebody else starts: a quarter of the time so far, within these
/// limits. If many waited with short pauses, their questions would be the load. With long pauses the next workflow
/// begins too late.
const NOT_YET: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(200)];
const SAMPLE: usize = 20;

/// The numbers of workflows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) at_once: usize,
    warm_up: usize,
    pub(crate) count: usize,
}

impl Load {
    /// Creates a load. A tenth of it is run one at a time, which takes long enough.
    pub(crate) fn new(at_once: usize, voidings: usize) -> Self {
        assert!(at_once > 0 && voidings > 0, "none would be measured");
        let count = if at_once == 1 { (voidings / 10).max(voidings.min(20)) } else { voidings };
        Self { at_once, warm_up: (count / 10).max(at_once), count }
    }

    /// Returns the number including the warm-up.
    pub(crate) fn all(&self) -> usize {
        self.warm_up + self.count
    }
}

/// A system that a load is put on.
pub(crate) struct Target<'a> {
    env: &'a Env,
    worker: u32,
    client: Client,
}

/// The result.
pub(crate) struct Outcome {
    pub(crate) time: Duration,
    /// In ascending order.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) used: Both,
    /// Average per history.
    pub(crate) events: f64,
    pub(crate) bytes: f64,
}

impl<'a> Target<'a> {
    /// Creates a target with its own connection, on which there is no worker.
    pub(crate) async fn new(env: &'a Env, worker: u32) -> Self {
        let address = format!("http://{}", env.temporal().address()).parse().unwrap();
        let client = TemporalConfig::at(address, env.temporal().namespace()).connect_when_up().await.unwrap();
        Self { env, worker, client }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Applies the load, after the warm-up. `begin` starts the workflow with a number, `id` returns its id.
    pub(crate) async fn run(&self, load: Load, id: impl Fn(usize) -> String, begin: impl AsyncFn(usize)) -> Outcome {
        let one = async |number| {
            let begun = Instant::now();
            begin(number).await;
            self.closes(&id(number)).await;
            begun.elapsed()
        };
        each(0..load.warm_up, load.at_once, &one).await;
        let (before, begun) = (self.env.usage_of(self.worker).await, Instant::now());
        let mut latencies = each(load.warm_up..load.all(), load.at_once, &one).await;
        let time = begun.elapsed();
        let used = self.env.usage_of(self.worker).await - before;
        latencies.sort();
        let step = load.count.div_ceil(SAMPLE);
        let sample: Vec<String> = (load.warm_up..load.all()).step_by(step).map(id).collect();
        let (events, bytes) = self.histories(&sample).await;
        Outcome { time, latencies, used, events, bytes }
    }

    /// Returns when a workflow has completed, by a long poll for its last event, as the SDK waits for a result.
    async fn closes(&self, workflow_id: &str) {
        let mut request = GetWorkflowExecutionHistoryRequest {
            namespace: self.client.namespace(),
            execution: Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() }),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
            skip_archival: true,
            ..GetWorkflowExecutionHistoryRequest::default()
        };
        let begun = Instant::now();
        loop {
            match self.client.clone().get_workflow_execution_history(request.clone().into_request()).await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    if let Some(last) = answer.history.unwrap_or_default().events.pop() {
                        assert_eq!(last.event_type(), EventType::WorkflowExecutionCompleted, "{workflow_id}: {last:?}");
                        return;
                    }
                    request.next_page_token = answer.next_page_token;
                }
                Err(status) if status.code() == Code::NotFound => {
                    sleep((begun.elapsed() / 4).clamp(NOT_YET[0], NOT_YET[1])).await;
                }
                Err(status) if is_unavailable(&status) => eprintln!("the wait for {workflow_id} again: {status}"),
                Err(status) => panic!("the wait for {workflow_id}: {status}"),
            }
        }
    }

    /// Returns the average events and bytes of a history, as counted by the server.
    async fn histories(&self, workflow_ids: &[String]) -> (f64, f64) {
        let (mut events, mut bytes) = (0, 0);
        for id in workflow_ids {
            let run = self.env.temporal().describe_by_id(id).await.unwrap();
            events += usize::try_from(run.history_length).unwrap();
            bytes += usize::try_from(run.history_size_bytes).unwrap();
        }
        let count = float(workflow_ids.len());
        (float(events) / count, float(bytes) / count)
    }
}

async fn each(numbers: Range<usize>, at_once: usize, one: impl AsyncFn(usize) -> Duration) -> Vec<Duration> {
    stream::iter(numbers).map(|number| one(number)).buffer_unordered(at_once).collect().await
}
