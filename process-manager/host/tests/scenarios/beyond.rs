//! X01–X06: where Commanded loses state or repeats itself.

use process_manager::instance::Status;
use process_manager_engine::subscription::Status as Subscription;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use test_support::{eventually, eventually_eq};

use super::{
    probe::{Answer, Behaviour, Probe, RouteTo, Step},
    server::{history_of, list},
    world::{Receiver, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn x01_a_crash_between_dispatch_and_persist_sends_the_same_key_and_takes_effect_once() {
    let mut world = World::new().await;
    // The command takes effect, and the host dies before it learns of that.
    world.recorder.answer("x", &[Receiver::Hangs, Receiver::Accepts]);
    let event = world.append(Step::start("a", "one").commands(&["x", "y"]));
    let in_hand = async || (!world.recorder.labels().is_empty()).then_some(()).ok_or(());
    eventually("the command took effect", in_hand).await;
    world.restart().await;
    world.handled(&event).await;
    let sent = world.recorder.sent();
    let keys: Vec<_> = sent.iter().filter(|it| it.label == "x").map(|it| &it.envelope.idempotency_key).collect();
    assert!(keys.len() >= 2 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(world.recorder.effects(), ["x", "y"]);
    assert_eq!(world.applied("a").await.unwrap(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x02_what_was_dispatched_is_not_sent_again_when_apply_is_retried() {
    let world = World::new().await;
    let step = Step { apply: Behaviour::Fails, ..Step::start("a", "one").commands(&["x", "y"]) };
    world.append(step.on_error(&[Answer::Retry, Answer::RetryAfter(100), Answer::Stop]));
    let parked = world.until("a", "parked", |view| view.status == Status::Parked).await;
    assert_eq!(parked.failure.unwrap().attempts, 3);
    world.signal("Probe-a", "retry", None).await;
    world.until("a", "parked again", |view| view.failure.as_ref().is_some_and(|it| it.failure_id == "a/2")).await;
    assert_eq!(world.recorder.labels(), ["x", "y"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x03_stop_of_an_instance_that_is_in_no_memory_ends_its_state_too() {
    let mut world = World::new().await;
    let event = world.append(Step::start("a", "one"));
    world.handled(&event).await;
    world.restart().await;
    let stop = world.append(Step::new(RouteTo::Stop, "a", "stop"));
    world.handled(&stop).await;
    assert!(world.until("a", "ended", |view| view.status == Status::Ended).await.state.is_null());
    let again = world.append(Step::start("a", "again"));
    world.handled(&again).await;
    assert_eq!(world.applied("a").await.unwrap(), ["again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_slow_instances_do_not_hold_up_the_others() {
    let world = World::new().await;
    world.recorder.answer("slow", &[Receiver::Faults]);
    for number in 0..10 {
        world.append(Step::start(&format!("slow-{number}"), "one").commands(&["slow"]));
    }
    let quick: Vec<_> = (0..10).map(|number| world.append(Step::start(&format!("quick-{number}"), "one"))).collect();
    for event in &quick {
        world.handled(event).await;
    }
    let slow = world.view("slow-0").await.unwrap();
    assert_eq!((slow.status, slow.handled_events), (Status::Handling, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn x06_the_delay_of_a_retry_is_a_durable_timer() {
    let world = World::new().await;
    world.recorder.answer("x", &[Receiver::Refuses, Receiver::Accepts]);
    let event = world.append(Step::start("a", "one").commands(&["x"]).on_error(&[Answer::RetryAfter(700)]));
    world.handled(&event).await;
    assert_eq!(world.timers("Probe-a").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn x06_an_event_that_is_routed_again_later_waits_also_over_a_restart() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.append_about("retry:4000", Step { unroutable: true, ..Step::default() });
    let last = world.append(Step::start("a", "three"));
    // On a busy machine both waits may be over by now.
    eventually("it waits, or has waited", async || {
        let state = world.subscription().await;
        if state.status == Subscription::Retrying {
            assert_eq!(state.at.position, 1);
            return Ok(());
        }
        let has_waited = world.applied("a").await.is_some_and(|names| names.len() == 2);
        if has_waited { Ok(()) } else { Err(state) }
    })
    .await;
    world.restart().await;
    // The third attempt skips it.
    world.handled(&last).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "three"]);
    assert_eq!(world.timers("subscription-Probe").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn x13_a_worker_that_is_told_to_end_hands_over_its_subscription() {
    let mut world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    let listed = async || list(world.server.client(), "WorkflowId = 'subscription-Probe'").await.pop().ok_or("none");
    let run_id = eventually("it is listed", listed).await.execution.unwrap().run_id;
    world.worker = None;
    eventually_eq("the turn returns where it is", 1, async || {
        let history = history_of(world.server.client(), "subscription-Probe", &run_id).await;
        history.iter().filter(|event| event.event_type() == EventType::ActivityTaskCompleted).count()
    })
    .await;
    world.host::<Probe>().await;
    let second = world.append(Step::start("a", "two"));
    world.handled(&second).await;
    assert_eq!(world.applied("a").await.unwrap(), ["one", "two"]);
}
