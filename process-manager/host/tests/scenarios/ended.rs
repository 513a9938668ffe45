//! X12: instances whose runs are ended from outside go on, parked.

use process_manager::{
    instance::{Acknowledge, InstanceView, Status},
    manager::{Commands, Context, Metadata, ProcessManager, Route},
};
use process_manager_host::{
    Hosting, Manager,
    operator::{InstanceFilter, InstanceStatus, Instances, Operator},
    subscription::Pace,
};
use process_manager_wire::CloudEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::{EventType, WorkflowExecutionStatus},
    history::v1::HistoryEvent,
    workflowservice::v1::{RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest},
};
use test_support::{eventually, eventually_eq};

use super::{
    probe::{Answer, Command, Event, Probe, RouteTo, Step},
    server::{history, list},
    timers::{Alarm, set, soon},
    world::{Receiver, World},
};

/// Hosts with frequent sweeps.
fn brisk<M: ProcessManager<Command = Command>>(world: &World, hosting: Hosting) -> Hosting {
    let pace = Pace { sweep_every: Duration::from_millis(200), ..Pace::default() };
    hosting.pace(pace).manager(Manager::<M>::new(world.log.clone(), world.recorder.clone()))
}

async fn world() -> World {
    let mut world = World::without_worker().await;
    world.host_all(brisk::<Probe>).await;
    world
}

fn execution(workflow_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() })
}

pub(super) async fn terminate(world: &World, workflow_id: &str) {
    terminate_in(world.server.client(), workflow_id).await;
}

pub(super) async fn terminate_in(client: &Client, workflow_id: &str) {
    let mut client = client.clone();
    let request = TerminateWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: execution(workflow_id),
        reason: "by mistake".to_owned(),
        identity: "kim".to_owned(),
        ..Default::default()
    };
    client.terminate_workflow_execution(request.into_request()).await.unwrap();
}

async fn cancel(world: &World, workflow_id: &str) {
    let mut client = world.server.client().clone();
    let request = RequestCancelWorkflowExecutionRequest {
        namespace: client.namespace(),
        workflow_execution: execution(workflow_id),
        ..Default::default()
    };
    client.request_cancel_workflow_execution(request.into_request()).await.unwrap();
}

fn is_from_outside(view: &InstanceView) -> bool {
    view.failure.as_ref().is_some_and(|failure| failure.code == "ended-from-outside")
}

/// Waits until the instance is parked because its run was ended.
async fn ended(world: &World, id: &str) -> InstanceView {
    world.until(id, "it is parked", is_from_outside).await
}

fn probes(world: &World) -> Instances {
    Operator::new(world.server.client().clone()).instances::<Probe>()
}

/// Parks an instance because `bad` was refused; an event waits.
async fn parked(world: &World) -> CloudEvent {
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad", "good"]));
    let waits = world.append(Step::new(RouteTo::Continue, "a", "two"));
    world.until("a", "parked", |view| view.status == Status::Parked && view.queued_events == 1).await;
    waits
}

#[tokio::test(flavor = "multi_thread")]
async fn x12_a_parked_instance_that_is_terminated_comes_back_parked_and_a_retry_completes_it() {
    let world = world().await;
    let waits = parked(&world).await;
    terminate(&world, "Probe-a").await;
    let failure = ended(&world, "a").await.failure.unwrap();
    assert_eq!((failure.failure_id.as_str(), failure.command.as_deref()), ("a/2", Some("Do")));
    let (how, why) = failure.detail.split_once("; it was parked before: ").unwrap();
    assert_eq!(how, "the run was terminated by kim (by mistake)");
    assert!(why.ends_with("refused (refused-by-test): the test wants it, refused-by-test"), "{why}");
    // It is listed with all other incidents.
    let incidents = InstanceFilter { is_running: Some(true), has_incident: Some(true), ..InstanceFilter::default() };
    let listed = eventually("it is listed", async || {
        let page = probes(&world).list(&incidents, 10, Vec::new()).await.map_err(|error| error.to_string())?;
        page.items.into_iter().next().ok_or_else(|| "none".to_owned())
    })
    .await;
    assert_eq!((listed.status, listed.failure_id()), (InstanceStatus::Parked, Some("a/2")));

    world.recorder.answer("bad", &[Receiver::Accepts]);
    probes(&world).retry("a", Some("a/2")).await.unwrap();
    world.handled(&waits).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
    assert_eq!(world.recorder.effects(), ["bad", "good"]);
    let keys = world.recorder.sent().into_iter().filter(|sent| sent.label == "bad");
    let keys: Vec<_> = keys.map(|sent| sent.envelope.idempotency_key).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn x12_an_instance_that_only_waits_and_is_cancelled_keeps_its_state() {
    let world = world().await;
    let event = world.append(Step::start("a", "one"));
    world.handled(&event).await;
    cancel(&world, "Probe-a").await;
    let view = ended(&world, "a").await;
    assert_eq!(view.failure.unwrap().detail, "the run was cancelled");
    let next = world.append(Step::new(RouteTo::ContinueStrict, "a", "two"));
    world.until("a", "it waits", |view| view.queued_events == 1).await;
    world.signal("Probe-a", "retry", None).await;
    world.handled(&next).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x12_an_instance_that_waits_for_a_retry_and_is_cancelled_comes_back_parked() {
    let world = world().await;
    world.recorder.answer("bad", &[Receiver::Refuses, Receiver::Accepts]);
    let waits = world.append(Step::start("a", "one").commands(&["bad"]).on_error(&[Answer::RetryAfter(3_600_000)]));
    world.until("a", "it retries later", |view| view.status == Status::Retrying).await;
    cancel(&world, "Probe-a").await;
    let view = ended(&world, "a").await;
    assert!(view.failure.unwrap().detail.starts_with("the run was cancelled"));
    world.signal("Probe-a", "retry", None).await;
    world.handled(&waits).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

/// Nobody saw either of them before the other came: both come with one workflow task.
#[tokio::test(flavor = "multi_thread")]
async fn x12_a_retry_that_was_due_when_the_run_was_cancelled_does_not_keep_it_from_ending() {
    let mut world = world().await;
    world.recorder.answer("bad", &[Receiver::Refuses, Receiver::Accepts]);
    let waits = world.append(Step::start("a", "one").commands(&["bad"]).on_error(&[Answer::RetryAfter(3_000)]));
    world.until("a", "it retries later", |view| view.status == Status::Retrying).await;
    world.kill();
    cancel(&world, "Probe-a").await;
    fired(&world, "Probe-a").await;
    world.host_all(brisk::<Probe>).await;
    ended(&world, "a").await;
    world.signal("Probe-a", "retry", None).await;
    world.handled(&waits).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x12_a_timer_that_was_due_when_the_run_was_cancelled_does_not_keep_it_from_ending() {
    let mut world = World::without_worker().await;
    world.host_all(brisk::<Alarm>).await;
    let event = world.log.append(&set(&[("ring", soon(3_000))]));
    world.handled_by::<Alarm>(&event).await;
    world.kill();
    cancel(&world, "Alarm-a").await;
    fired(&world, "Alarm-a").await;
    world.host_all(brisk::<Alarm>).await;
    let is_back = |view: &InstanceView| is_from_outside(view);
    eventually("it is parked", async || world.view_of::<Alarm>("a").await.filter(is_back).ok_or(())).await;
}

/// Returns once a timer has fired after the run was cancelled.
async fn fired(world: &World, workflow_id: &str) {
    eventually("a timer has fired", async || {
        let history = history(world.server.client(), workflow_id).await;
        let kinds: Vec<_> = history.iter().map(HistoryEvent::event_type).collect();
        let cancelled = kinds.iter().position(|kind| *kind == EventType::WorkflowExecutionCancelRequested);
        let is_fired = cancelled.is_some_and(|at| kinds[at..].contains(&EventType::TimerFired));
        if is_fired { Ok(()) } else { Err(kinds) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x12_an_instance_comes_back_as_often_as_it_is_terminated_until_it_is_acknowledged() {
    let mut world = world().await;
    parked(&world).await;
    for failures in [2, 3] {
        terminate(&world, "Probe-a").await;
        let failure_id = format!("a/{failures}");
        let is_again = |view: &InstanceView| view.failure.as_ref().is_some_and(|it| it.failure_id == failure_id);
        let view = world.until("a", "it is parked again", is_again).await;
        let detail = view.failure.unwrap().detail;
        assert_eq!(detail.matches("it was parked before").count(), 1, "{detail}");
    }
    let by = Acknowledge { acknowledged_by: Some("kim".to_owned()), ..Acknowledge::default() };
    probes(&world).acknowledge("a", by).await.unwrap();
    world.until("a", "ended", |view| view.status == Status::Ended).await;
    // A sweep that begins afterwards sees another run, and leaves this one alone.
    world.append(Step::start("b", "one"));
    world.until("b", "begun", |view| view.status == Status::Waiting).await;
    terminate(&world, "Probe-b").await;
    ended(&world, "b").await;
    world.kill();
    world.host_all(brisk::<Probe>).await;
    terminate(&world, "Probe-b").await;
    world.until("b", "again", |view| view.failure.as_ref().is_some_and(|it| it.failure_id == "b/2")).await;
    assert_eq!(probes(&world).read("a").await.unwrap().unwrap().status, InstanceStatus::GivenUp);
    let ended = "WorkflowId = 'Probe-a' AND ExecutionStatus != 'ContinuedAsNew'";
    let runs = async || list(world.server.client(), ended).await.len();
    eventually_eq("two were terminated, and one was acknowledged", 3, runs).await;
}

/// Events that came in while nobody saw them are not lost, and later events find the same instance.
#[tokio::test(flavor = "multi_thread")]
async fn x12_events_that_meet_an_ended_run_find_the_instance_that_goes_on() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    // The sweep of this worker comes too late: it has just run.
    terminate(&world, "Probe-a").await;
    world.append(Step::new(RouteTo::Continue, "a", "two"));
    let view = world.until("a", "it waits", |view| is_from_outside(view) && view.queued_events == 1).await;
    assert_eq!(view.handled_events, 1);
    // Nobody sees this one before the end.
    world.kill();
    let unseen = CloudEvent { sequence: 3, ..first };
    let unseen =
        CloudEvent { data: serde_json::to_value(Step::start("a", "three")).unwrap(), id: "3".to_owned(), ..unseen };
    world.signal("Probe-a", "deliver", Some(json!([{"event": unseen, "kind": "continue"}]))).await;
    terminate(&world, "Probe-a").await;
    world.host_all(brisk::<Probe>).await;
    let is_again = |view: &InstanceView| view.failure.as_ref().is_some_and(|it| it.failure_id == "a/2");
    world.until("a", "both wait", |view| is_again(view) && view.queued_events == 2).await;
    world.signal("Probe-a", "retry", None).await;
    world.until("a", "handled", |view| view.handled_events == 3).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x12_a_run_that_no_worker_has_seen_goes_on_with_its_events() {
    let mut world = world().await;
    let event = world.append(Step::start("a", "one").commands(&["x"]));
    world.handled(&event).await;
    world.kill();
    // A run begins and ends while there is no worker.
    terminate(&world, "Probe-a").await;
    world.host_all(brisk::<Probe>).await;
    ended(&world, "a").await;
    world.kill();
    terminate(&world, "Probe-a").await;
    world.host_all(brisk::<Probe>).await;
    world.until("a", "again", |view| view.failure.as_ref().is_some_and(|it| it.failure_id == "a/2")).await;
    world.signal("Probe-a", "retry", None).await;
    world.until("a", "it waits", |view| view.status == Status::Waiting).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

/// The history grows beyond Temporal's limit while no worker begins another run. Here the limit is 8 MB; the default is
/// 50 MB.
#[tokio::test(flavor = "multi_thread")]
async fn x12_an_instance_that_temporal_ends_for_its_size_comes_back() {
    let limits = ["limit.historySize.error=8000000", "limit.historySize.warn=8000000"];
    let (_server, mut world) = World::limited(&limits).await;
    world.host_all(brisk::<Probe>).await;
    let waits = parked(&world).await;
    world.kill();
    let workflows = Operator::new(world.server.client().clone()).workflows().clone();
    eventually("Temporal ends it", async || {
        let note = json!({"note": "x".repeat(1_700_000)});
        let sent = workflows.signal("Probe-a", "acknowledge", &note).await;
        let info = workflows.describe("Probe-a").await.unwrap().unwrap().info;
        let is_ended = info.status() == WorkflowExecutionStatus::Terminated;
        if is_ended { Ok(()) } else { Err((sent.map_err(|error| error.to_string()), info.history_size_bytes)) }
    })
    .await;
    world.recorder.answer("bad", &[Receiver::Accepts]);
    world.host_all(brisk::<Probe>).await;
    let view = world.until("a", "it is parked", is_from_outside).await;
    assert!(view.failure.unwrap().detail.contains("history"), "it says why");
    world.signal("Probe-a", "retry", None).await;
    world.handled(&waits).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

/// One process manager, before and after a change.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Rolled<const VERSION: u32>(Vec<String>);

impl<const VERSION: u32> ProcessManager for Rolled<VERSION> {
    const NAME: &'static str = "Rolled";
    const VERSION: u32 = VERSION;
    type Event = Event;
    type Command = Command;
    type Error = std::convert::Infallible;

    fn route(Event::Happened(step): &Event, _: &Metadata) -> Result<Route, Self::Error> {
        Ok(Route::start_each(&step.ids))
    }

    fn handle(&self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<Commands<Command>, Self::Error> {
        Ok(step.commands.iter().map(|label| Command::Do { label: label.clone() }).collect())
    }

    fn apply(&mut self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<(), Self::Error> {
        self.0.push(step.name.clone());
        Ok(())
    }
}

/// A deployment was rolled back: no worker can read the state of a run that began under the newer code.
#[tokio::test(flavor = "multi_thread")]
async fn x12_an_ended_instance_whose_state_no_worker_tells_is_listed_and_handles_its_events_again() {
    let mut world = World::without_worker().await;
    world.host_all(brisk::<Rolled<2>>).await;
    let events = ["one", "two"].map(|name| world.append(Step::start("a", name).commands(&[name])));
    world.handled_by::<Rolled<2>>(&events[1]).await;
    world.kill();
    terminate(&world, "Rolled-a").await;
    world.host_all(brisk::<Rolled<1>>).await;
    let incidents = "WorkflowType = 'Rolled' AND Incident = true AND ExecutionStatus = 'Running'";
    eventually_eq("it is an incident", 1, async || list(world.server.client(), incidents).await.len()).await;
    world.kill();
    world.host_all(brisk::<Rolled<2>>).await;
    let parked = async || match world.view_of::<Rolled<2>>("a").await {
        Some(view) if is_from_outside(&view) => Ok(view),
        other => Err(other),
    };
    let view = eventually("it is parked", parked).await;
    assert_eq!((view.queued_events, view.handled_events), (2, 0));
    assert!(view.failure.unwrap().detail.contains("its state cannot be read"), "it says so");
    world.signal("Rolled-a", "retry", None::<Value>).await;
    world.handled_by::<Rolled<2>>(&events[1]).await;
    assert_eq!(world.view_of::<Rolled<2>>("a").await.unwrap().state, json!(["one", "two"]));
    assert_eq!(world.recorder.effects(), ["one", "two"], "under the same keys");
}
