//! X11: signals and updates that change nothing never fill a run.

use futures::{StreamExt, stream};
use process_manager::instance::{Acknowledge, Ledger, Status};
use process_manager_engine::{
    instance::{Begin, HandledUpdate, RunInstance, workflow_id},
    subscription::Status as Subscription,
};
use process_manager_host::{
    dev_server::DevServer,
    operator::{Operator, OperatorError},
    wait_until_handled,
};
use serde_json::{Value, json};
use temporalio_client::{WorkflowExecuteUpdateOptions, WorkflowStartOptions};
use temporalio_common::{
    data_converters::{PayloadConverter, RawValue},
    protos::temporal::api::enums::v1::EventType,
};
use test_support::{STALL, eventually, heavy, load};

use super::{
    probe::{Answer, Probe, Step},
    server::{history, signal},
    world::{Receiver, World},
};

/// Three of this size bring a history beyond the 4 MB at which Temporal suggests another run.
const LARGE: usize = 1_700_000;
const SUBSCRIPTION: &str = "subscription-Probe";

/// Returns the latest run of a workflow.
async fn run_of(world: &World, workflow_id: &str) -> String {
    let workflows = Operator::new(world.server.client().clone()).workflows().clone();
    eventually("the workflow is described", async || match workflows.describe(workflow_id).await {
        Ok(Some(described)) => described.info.execution.map(|run| run.run_id).ok_or_else(|| "no run".to_owned()),
        other => Err(format!("{other:?}")),
    })
    .await
}

async fn run_id(world: &World) -> String {
    run_of(world, "Probe-a").await
}

/// Waits until the workflow has begun a run other than this one.
async fn another_run_of(world: &World, workflow_id: &str, before: &str) {
    eventually("another run has begun", async || match run_of(world, workflow_id).await {
        run_id if run_id == before => {
            let history = history(world.server.client(), workflow_id).await;
            Err(history.iter().map(|event| event.event_type().as_str_name()).collect::<Vec<_>>())
        }
        _ => Ok(()),
    })
    .await;
}

/// Waits until the instance has begun a run other than this one.
async fn another_run(world: &World, before: &str) {
    another_run_of(world, "Probe-a", before).await;
}

/// Sends a large signal that changes nothing.
async fn stir(world: &World, workflow_id: &str, name: &str) {
    let payload = json!({"failure_id": "old", "position": "nowhere", "note": "x".repeat(LARGE)});
    world.signal(workflow_id, name, Some(payload)).await;
}

/// Sends large signals that change nothing until the workflow has begun another run. Temporal may report the size of
/// the history one workflow task late.
async fn flood(world: &World, workflow_id: &str, name: &str) {
    let before = run_of(world, workflow_id).await;
    for _ in 0..10 {
        stir(world, workflow_id, name).await;
        if run_of(world, workflow_id).await != before {
            return;
        }
    }
    another_run_of(world, workflow_id, &before).await;
}

/// Checks that everything that changes nothing makes a waiting instance begin another run.
async fn goes_on_in_another_run(world: &World) {
    for name in ["acknowledge", "retry", "unheard-of"] {
        flood(world, "Probe-a", name).await;
    }
}

async fn parked(world: &World) {
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad"]));
    world.until("a", "parked", |view| view.status == Status::Parked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x11_a_parked_instance_outlives_signals_that_change_nothing_and_is_retried() {
    let world = World::new().await;
    parked(&world).await;
    goes_on_in_another_run(&world).await;
    let still = world.view("a").await.unwrap();
    assert_eq!(still.failure.unwrap().failure_id, "a/1");
    world.recorder.answer("bad", &[Receiver::Accepts]);
    world.signal("Probe-a", "retry", Some(json!({"failure_id": "a/1"}))).await;
    world.until("a", "handled", |view| view.status == Status::Waiting).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x11_an_instance_that_waits_for_a_retry_outlives_them() {
    let world = World::new().await;
    world.recorder.answer("x", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["x"]).on_error(&[Answer::RetryAfter(3_600_000)]));
    let before = world.until("a", "it waits", |view| view.status == Status::Retrying).await;
    goes_on_in_another_run(&world).await;
    let still = world.until("a", "it waits", |view| view.status == Status::Retrying).await;
    assert_eq!(still.retry_at, before.retry_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn x11_an_instance_whose_command_does_not_get_through_outlives_them() {
    let world = World::new().await;
    world.recorder.answer("away", &[Receiver::Faults]);
    let event = world.append(Step::start("a", "one").commands(&["away"]));
    let is_sent = async || if world.recorder.sent().len() > 1 { Ok(()) } else { Err("it is not sent again") };
    eventually("the durable activity has begun", is_sent).await;
    goes_on_in_another_run(&world).await;
    world.recorder.answer("away", &[Receiver::Accepts]);
    world.handled(&event).await;
    assert_eq!(world.recorder.effects(), ["away"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x11_an_instance_that_reads_events_again_outlives_them() {
    let world = World::new().await;
    parked(&world).await;
    // Too many bytes to carry over: for these events the next run gets only the places.
    let large = [Answer::Continue(vec!["y".repeat(400_000)])];
    let waiting = ["two", "three", "four"].map(|name| world.append(Step::start("a", name).on_error(&large)));
    world.until("a", "they wait", |view| view.queued_events == waiting.len()).await;
    flood(&world, "Probe-a", "unheard-of").await;
    world.log.set_away(true);
    world.recorder.answer("bad", &[Receiver::Accepts]);
    world.signal("Probe-a", "retry", None).await;
    world.until("a", "it reads", |view| view.event.is_none() && view.handled_events == 2).await;
    goes_on_in_another_run(&world).await;
    world.log.set_away(false);
    world.handled(waiting.last().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x11_waits_for_what_has_long_been_handled_do_not_fill_a_run() {
    let world = World::new().await;
    let event = world.append(Step::start("a", "one"));
    world.handled(&event).await;
    let before = run_id(&world).await;
    let handle = world.server.client().get_workflow_handle::<RunInstance<Probe>>("Probe-a");
    // The content of an update is part of the history once the update has been accepted.
    for _ in 0..6 {
        let input = json!({"log": event.logid, "position": event.sequence, "padding": "x".repeat(LARGE)});
        let input = RawValue::from_value(&input, &PayloadConverter::serde_json());
        let options = WorkflowExecuteUpdateOptions::builder().build();
        handle.execute_update(HandledUpdate::<Probe>::default(), input, options).await.unwrap();
    }
    another_run(&world, &before).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

/// If the run that received it had no room to end, the next run reports who acknowledged, and why.
#[tokio::test(flavor = "multi_thread")]
async fn x11_an_acknowledgement_outlives_the_run_that_received_it() {
    let mut world = World::new().await;
    parked(&world).await;
    let before = run_id(&world).await;
    world.kill();
    for _ in 0..3 {
        stir(&world, "Probe-a", "retry").await;
    }
    world.signal("Probe-a", "acknowledge", Some(json!({"acknowledged_by": "kim", "note": "it was wrong"}))).await;
    world.host::<Probe>().await;
    another_run(&world, &before).await;
    world.until("a", "ended", |view| view.status == Status::Ended).await;
    let history = history(world.server.client(), "Probe-a").await;
    let last = serde_json::to_string(&history.last().unwrap().attributes).unwrap_or_default();
    assert!(last.contains("acknowledged by kim: it was wrong"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn x11_more_signals_than_a_run_takes_leave_an_instance_in_the_hands_of_its_operator() {
    let (_turn, signals) = (heavy().await, load(4_200, 10_500));
    let world = World::new().await;
    parked(&world).await;
    let before = run_id(&world).await;
    let client = world.server.client();
    let send = async |_| signal(client, "Probe-a", "retry", Some(json!({"failure_id": "old"}))).await;
    stream::iter(0..signals).for_each_concurrent(32, send).await;
    another_run(&world, &before).await;
    let probes = Operator::new(client.clone()).instances::<Probe>();
    probes.acknowledge("a", Acknowledge::default()).await.unwrap();
    world.until("a", "ended", |view| view.status == Status::Ended).await;
}

/// A subscription waits for its operator as an instance does.
#[tokio::test(flavor = "multi_thread")]
async fn x11_a_paused_subscription_outlives_signals_that_change_nothing() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.signal(SUBSCRIPTION, "pause", None).await;
    world.subscription_until("paused", |it| it.status == Subscription::Paused).await;
    for name in ["rewind", "unheard-of"] {
        flood(&world, SUBSCRIPTION, name).await;
        let still = world.subscription().await;
        assert_eq!((still.status, still.at.position), (Subscription::Paused, 1), "{name}");
    }
    let second = world.append(Step::start("a", "two"));
    world.signal(SUBSCRIPTION, "resume", None).await;
    world.handled(&second).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}

/// The same holds for one that waits for the retry of an event; it does not retry sooner.
#[tokio::test(flavor = "multi_thread")]
async fn x11_a_subscription_that_retries_an_event_later_outlives_signals_that_change_nothing() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.append_about("retry:3600000", Step { unroutable: true, ..Step::default() });
    world.subscription_until("retrying", |it| it.status == Subscription::Retrying).await;
    for _ in 0..2 {
        flood(&world, SUBSCRIPTION, "unheard-of").await;
    }
    let history = history(world.server.client(), SUBSCRIPTION).await;
    let turns = history.iter().filter(|event| event.event_type() == EventType::ActivityTaskScheduled).count();
    assert_eq!(turns, 0, "it still waits");
    let still = world.subscription().await;
    assert_eq!((still.status, still.at.position), (Subscription::Retrying, 1));
    let third = world.append(Step::start("a", "three"));
    world.signal(SUBSCRIPTION, "rewind", Some(json!({"position": 2}))).await;
    world.handled(&third).await;
}

/// Without a worker nothing begins another run. An operator learns that the run is full, not that Temporal is
/// unavailable. Temporal's own limit is 10,000; here it is lower, unless the load is full.
#[tokio::test(flavor = "multi_thread")]
async fn x11_a_run_that_takes_no_more_signals_is_told_from_a_temporal_that_is_unavailable() {
    let (_turn, most) = (heavy().await, load(50, 10_000));
    let (_server, world) = limited_to("history.maximumSignalsPerExecution", most, 10_000).await;
    let begin = RawValue::from_value(&Begin::new::<Probe>("a", Ledger::default()), &PayloadConverter::serde_json());
    let options = WorkflowStartOptions::new("test", workflow_id::<Probe>("a")).build();
    let client = world.server.client();
    Box::pin(client.start_workflow(RunInstance::<Probe>::default(), begin, options)).await.unwrap();
    let workflows = Operator::new(client.clone()).workflows().clone();
    let send = || async { workflows.signal("Probe-a", "retry", &Value::Null).await };
    let sent: Vec<_> = stream::iter(0..most).map(|_| send()).buffer_unordered(32).collect().await;
    // A busy server may not answer all of them in time, so there may be room for some more.
    let other = sent.iter().find(|sent| !matches!(sent, Ok(_) | Err(OperatorError::NoAnswer)));
    assert!(other.is_none(), "{other:?}");
    let refused = eventually("the run is full", async || match send().await {
        Ok(_) | Err(OperatorError::NoAnswer) => Err("there is room"),
        Err(refused) => Ok(refused),
    })
    .await;
    assert!(matches!(&refused, OperatorError::Full(id) if id == "Probe-a"), "{refused:?}");
}

/// Temporal's own limit is 2,000 updates; here it is lower, unless the load is full.
#[tokio::test(flavor = "multi_thread")]
async fn x11_more_waits_than_a_run_takes_are_all_answered() {
    let (_turn, most) = (heavy().await, load(50, 2_000));
    let (_server, mut world) = limited_to("history.maxTotalUpdates", most, 2_000).await;
    world.host::<Probe>().await;
    let event = world.append(Step::start("a", "one"));
    world.handled(&event).await;
    let before = run_id(&world).await;
    for _ in 0..most + 10 {
        wait_until_handled::<Probe>(world.server.client(), &event, STALL).await.unwrap();
    }
    assert_ne!(run_id(&world).await, before, "another run has begun");
}

/// Starts a server with this limit, or with the default limit if that is the same.
async fn limited_to(setting: &str, most: u64, own: u64) -> (DevServer, World) {
    let limit = format!("{setting}={most}");
    World::limited(if most == own { &[] } else { std::slice::from_ref(&limit) }).await
}
