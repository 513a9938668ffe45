//! Events per second through a subscription, beside what the server itself takes: `cargo bench -p process-manager-host
//! --all-features --profile dev --bench subscription`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and ends where a step fails"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use process_manager::manager::{Commands, Context, Metadata, ProcessManager, Route};
use process_manager_client::{
    feed::{EventSource, FeedError, FeedEvent, MemoryLog},
    http::Envelope,
};
use process_manager_host::{DispatchError, Dispatcher, Manager, testing::TestServer};
use process_manager_wire::Position;
use serde::{Deserialize, Serialize};
use serde_json::json;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType},
    enums::v1::WorkflowIdConflictPolicy,
    taskqueue::v1::TaskQueue,
    workflowservice::v1::{SignalWithStartWorkflowExecutionRequest, SignalWorkflowExecutionRequest},
};
use test_support::{eventually, temporal_cli};
use tokio::sync::watch;
use uuid::Uuid;

/// As many deliveries at the same time as a subscription has.
const AT_ONCE: usize = 32;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Counted { instance: usize, is_last: bool },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Report { instance: usize },
}

/// Counts its events, and reports at its last one.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Count(u64);

impl ProcessManager for Count {
    const NAME: &'static str = "Count";
    type Event = Event;
    type Command = Command;
    type Error = std::convert::Infallible;

    fn route(Event::Counted { instance, .. }: &Event, _: &Metadata) -> Result<Route, Self::Error> {
        Ok(Route::start(instance))
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Self::Error> {
        let Event::Counted { instance, is_last } = event;
        Ok(is_last.then_some(Command::Report { instance: *instance }).into_iter().collect())
    }

    fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Self::Error> {
        self.0 += 1;
        Ok(())
    }
}

/// Counts the reports.
#[derive(Clone, Default)]
struct Reports(Arc<watch::Sender<usize>>);

impl Dispatcher<Command> for Reports {
    async fn dispatch(&self, _: &Command, _: &Envelope) -> Result<(), DispatchError> {
        self.0.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// A log that tells up to where its reader has delivered: it asks for what comes behind.
struct Watched {
    log: MemoryLog,
    asked: Arc<watch::Sender<usize>>,
}

impl EventSource for Watched {
    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        self.asked.send_replace(usize::try_from(after).unwrap());
        EventSource::read(&self.log, after, limit, wait).await
    }
}

#[tokio::main]
async fn main() {
    println!("{:<42} {:>12} {:>12} {:>16} {:>12}", "", "delivered/s", "handled/s", "server's own/s", "delivered/own");
    let server = &TestServer::start_with(temporal_cli()).await.unwrap();
    let own = signals(server, 5_000, 500).await;
    row("5,000 events over 500 instances", &events(server, 5_000, 500).await, ("signals", own));
    let own = signals(server, 5_000, 1).await;
    row("5,000 events to one instance", &events(server, 5_000, 1).await, ("signals", own));
    let own = starts(server, 1_000).await;
    row("1,000 events to an own new instance each", &events(server, 1_000, 1_000).await, ("signals with start", own));
}

struct Rates {
    delivered: f64,
    handled: f64,
}

fn row(what: &str, rates: &Rates, (of, own): (&str, f64)) {
    let Rates { delivered, handled } = rates;
    println!("{what:<42} {delivered:>12.0} {handled:>12.0} {own:>16.0} {:>12.2}  {of}", delivered / own);
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

/// A log that is there before the subscription begins, its events over the instances in turns. Delivered is what its
/// reader says, handled is that each instance has come to its last event.
async fn events(server: &TestServer, count: usize, instances: usize) -> Rates {
    let server = namespace(server).await;
    let (log, asked, reports) = (MemoryLog::default(), Arc::new(watch::Sender::new(0)), Reports::default());
    for number in 0..count {
        log.append(&Event::Counted { instance: number % instances, is_last: number + instances >= count });
    }
    let source = Watched { log, asked: asked.clone() };
    let begun = Instant::now();
    let worker = server.host(|hosting| hosting.manager(Manager::<Count>::new(source, reports.clone()))).await.unwrap();
    reaches(&asked, count).await;
    let delivered = rate(count, begun);
    reaches(&reports.0, instances).await;
    let handled = rate(count, begun);
    drop(worker);
    Rates { delivered, handled }
}

async fn reaches(number: &watch::Sender<usize>, wanted: usize) {
    eventually(&format!("{wanted} commands"), async || {
        let number = *number.borrow();
        if number >= wanted { Ok(()) } else { Err(number) }
    })
    .await;
}

async fn namespace(server: &TestServer) -> TestServer {
    server.in_namespace(&format!("bench-{}", Uuid::now_v7())).await.unwrap()
}

/// Plain signals to workflows that no worker runs; each is as large as one event.
async fn signals(server: &TestServer, count: usize, workflows: usize) -> f64 {
    let server = &namespace(server).await;
    all(0..workflows, |number| start(server, number)).await;
    let begun = Instant::now();
    all(0..count, |number| signal(server, number, number % workflows)).await;
    rate(count, begun)
}

async fn signal(server: &TestServer, number: usize, workflow: usize) {
    let mut client = server.client().clone();
    let request = SignalWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: Some(WorkflowExecution { workflow_id: format!("bench-{workflow}"), run_id: String::new() }),
        signal_name: "deliver".to_owned(),
        input: Some(payload()),
        request_id: format!("signal-{number}"),
        ..SignalWorkflowExecutionRequest::default()
    };
    client.signal_workflow_execution(request.into_request()).await.unwrap();
}

/// Signals with start of new workflows that no worker runs.
async fn starts(server: &TestServer, count: usize) -> f64 {
    let server = &namespace(server).await;
    let begun = Instant::now();
    all(0..count, |number| start(server, number)).await;
    rate(count, begun)
}

async fn all<F: Future<Output = ()>>(numbers: std::ops::Range<usize>, call: impl FnMut(usize) -> F) {
    stream::iter(numbers).map(call).buffer_unordered(AT_ONCE).collect::<()>().await;
}

async fn start(server: &TestServer, number: usize) {
    let mut client = server.client().clone();
    let request = SignalWithStartWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_id: format!("bench-{number}"),
        workflow_type: Some(WorkflowType { name: "Nobody".to_owned() }),
        task_queue: Some(TaskQueue { name: "nobody".to_owned(), ..TaskQueue::default() }),
        input: Some(payload()),
        signal_name: "deliver".to_owned(),
        signal_input: Some(payload()),
        request_id: format!("start-{number}"),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
        ..SignalWithStartWorkflowExecutionRequest::default()
    };
    client.signal_with_start_workflow_execution(request.into_request()).await.unwrap();
}

/// About as large as an event.
fn payload() -> Payloads {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    let data = json!({"event": "x".repeat(500)}).to_string().into_bytes();
    Payloads { payloads: vec![Payload { metadata, data, ..Payload::default() }] }
}
