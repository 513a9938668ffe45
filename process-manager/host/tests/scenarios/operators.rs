//! X05: a failed instance alone is parked, listed, and in the hands of an operator.

use process_manager::instance::Status;
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use test_support::{eventually, eventually_eq};

use super::{
    probe::{RouteTo, Step},
    server::{history, list},
    world::{Receiver, World},
};

const INCIDENTS: &str = "WorkflowType = 'Probe' AND Incident = true";

async fn parked(world: &World, id: &str) {
    world.until(id, "parked", |view| view.status == Status::Parked).await;
}

/// Waits until these are the incidents, by workflow id.
async fn incidents(world: &World, expected: &[&str]) {
    let listed = async || {
        let listed = list(world.server.client(), INCIDENTS).await.into_iter();
        let mut ids: Vec<_> = listed.filter_map(|run| Some(run.execution?.workflow_id)).collect();
        ids.sort();
        if ids == expected { Ok(()) } else { Err(ids) }
    };
    eventually("the incidents are listed", listed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_a_failed_instance_is_parked_alone_listed_and_retried_by_an_operator() {
    let world = World::new().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad"]));
    let queued = world.append(Step::start("a", "two"));
    let other = world.append(Step::start("b", "three"));
    world.handled(&other).await;
    parked(&world, "a").await;
    incidents(&world, &["Probe-a"]).await;
    // A signal that means another failure, or cannot be understood, changes nothing.
    for payload in [json!({"failure_id": "a/7"}), json!([1]), json!("retry"), json!({"failure_id": 1})] {
        world.signal("Probe-a", "acknowledge", Some(payload)).await;
    }
    world.signal("Probe-a", "retry", Some(json!({"failure_id": "a/7"}))).await;
    world.signal("Probe-a", "deliver", Some(json!({"nonsense": true}))).await;
    let still = world.view("a").await.unwrap();
    assert_eq!((still.status, still.failure.unwrap().failure_id.as_str()), (Status::Parked, "a/1"));
    world.recorder.answer("bad", &[Receiver::Accepts]);
    world.signal("Probe-a", "retry", Some(json!({"failure_id": "a/1"}))).await;
    world.handled(&queued).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
    incidents(&world, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_a_failed_instance_that_is_acknowledged_ends_and_may_begin_afresh() {
    let world = World::new().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad"]));
    let dropped = world.append(Step::new(RouteTo::Continue, "a", "two"));
    parked(&world, "a").await;
    let by = json!({"acknowledged_by": "kim", "note": "it was wrong", "failure_id": "a/1"});
    world.signal("Probe-a", "acknowledge", Some(by)).await;
    world.until("a", "ended", |view| view.status == Status::Ended).await;
    world.handled(&dropped).await;
    let history = history(world.server.client(), "Probe-a").await;
    let last = serde_json::to_string(&history.last().unwrap().attributes).unwrap_or_default();
    assert!(last.contains("acknowledged by kim: it was wrong") && last.contains("FailureAcknowledged"), "{last}");
    let failed = Some(WorkflowExecutionStatus::Failed);
    eventually_eq("its run has failed", failed, async || {
        list(world.server.client(), "WorkflowId = 'Probe-a'").await.first().map(|run| run.status())
    })
    .await;
    incidents(&world, &[]).await;
    let again = world.append(Step::start("a", "again"));
    world.handled(&again).await;
    assert_eq!(world.applied("a").await.unwrap(), ["again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_an_event_that_begins_the_process_afresh_outlives_the_acknowledgement() {
    let world = World::new().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.append(Step::start("a", "one").commands(&["bad"]));
    world.append(Step::new(RouteTo::Continue, "a", "two"));
    let afresh = world.append(Step::start("a", "three"));
    parked(&world, "a").await;
    world.until("a", "queued", |view| view.queued_events == 2).await;
    world.signal("Probe-a", "acknowledge", None::<Value>).await;
    world.handled(&afresh).await;
    assert_eq!(world.applied("a").await.unwrap(), ["three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_a_command_that_does_not_get_through_is_an_incident_until_it_does() {
    let world = World::new().await;
    world.recorder.answer("away", &[Receiver::Faults]);
    let event = world.append(Step::start("a", "one").commands(&["away"]));
    let stalled = world.until("a", "stalled", |view| view.stalled.is_some()).await.stalled.unwrap();
    assert_eq!(stalled.command, "Do");
    incidents(&world, &["Probe-a"]).await;
    // It cannot be acknowledged: nothing was refused.
    world.signal("Probe-a", "acknowledge", None::<Value>).await;
    world.recorder.answer("away", &[Receiver::Accepts]);
    world.handled(&event).await;
    incidents(&world, &[]).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}
