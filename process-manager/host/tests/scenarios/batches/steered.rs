//! Operators control a batch.

use std::{sync::atomic::Ordering, time::Duration};

use process_manager::batch::{Limits, LimitsChange, PausedBy, Status, Tolerated};
use process_manager_host::operator::OperatorError;
use serde_json::json;
use test_support::eventually;

use super::world::{ID, MOMENT, World};
use crate::server;

fn change(value: serde_json::Value) -> LimitsChange {
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn b02_no_more_are_in_flight_than_the_limit_says_which_can_be_changed_while_it_runs() {
    let mut world = World::new(60, 25).await.gated();
    world.start(Limits::default().in_flight(4)).await;
    world.until_in_flight(4).await;
    world.batches.limits(ID, &change(json!({"in_flight": 7}))).await.unwrap();
    world.receiver.lets_pass(4);
    world.until_in_flight(7).await;
    assert_eq!(world.receiver.most_in_flight.load(Ordering::SeqCst), 7);
    world.batches.limits(ID, &change(json!({"in_flight": 2}))).await.unwrap();
    world.receiver.lets_pass(7);
    world.until_in_flight(2).await;
    world.receiver.most_in_flight.store(0, Ordering::SeqCst);
    // Another worker keeps to the limit as well.
    world.kill();
    eventually("the killed worker's commands are gone", async || {
        let in_flight = world.receiver.in_flight.load(Ordering::SeqCst);
        if in_flight == 0 { Ok(()) } else { Err(in_flight) }
    })
    .await;
    world.host(|hosting| hosting).await;
    world.until_in_flight(2).await;
    world.receiver.lets_pass(1_000);
    world.until_status(Status::Completed).await;
    assert_eq!(world.receiver.most_in_flight.load(Ordering::SeqCst), 2);
    assert_eq!(world.receiver.counted().len(), 60);
}

#[tokio::test]
async fn b02_no_more_begin_in_a_second_than_the_rate_says() {
    let world = World::new(12, 25).await;
    world.start(Limits::default().per_second(20.0)).await;
    world.until_arrived(6).await;
    world.batches.limits(ID, &change(json!({"per_second": 10}))).await.unwrap();
    world.until("the limit has changed", |progress| progress.limits.per_second == Some(10.0)).await;
    world.until_status(Status::Completed).await;
    let arrived = world.receiver.arrived();
    let gaps: Vec<Duration> = arrived.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(gaps.iter().all(|gap| *gap + MOMENT >= Duration::from_millis(50)), "{gaps:?}");
    assert_eq!(arrived.len(), 12);
}

#[tokio::test]
async fn b03_a_paused_batch_begins_nothing_and_what_is_in_flight_ends() {
    let world = World::new(10, 25).await.gated();
    world.start(Limits::default().in_flight(3)).await;
    world.until_in_flight(3).await;
    world.batches.pause(ID).await.unwrap();
    world.until_draining().await;
    world.receiver.lets_pass(1_000);
    let progress = world.until("it is at rest", |it| it.status == Status::Paused && it.answered() == 3).await;
    assert_eq!((progress.in_flight, world.receiver.arrived().len()), (0, 3));
    assert!(!progress.needs_operator());
    world.batches.resume(ID).await.unwrap();
    world.until_status(Status::Completed).await;
    assert_eq!(world.receiver.arrived().len(), 10, "nothing was sent again");
}

#[tokio::test]
async fn b05_more_refusals_than_are_tolerated_pause_it_as_an_incident() {
    let world = World::new(40, 10).await;
    world.receiver.refuses(1..=40, "not-now");
    world.start(Limits::default().in_flight(2).tolerated(Tolerated::Items(3))).await;
    let progress = world.until_status(Status::Paused).await;
    assert_eq!(progress.pause.as_ref().map(|pause| pause.by), Some(PausedBy::Failures));
    assert!((4..=5).contains(&progress.failed), "{progress:?}");
    eventually("it is listed as an incident", async || {
        let listed = server::list(world.server.client(), "Incident = true AND NeedsAttention = true").await;
        if listed.len() == 1 { Ok(()) } else { Err(listed.len()) }
    })
    .await;
    world.batches.limits(ID, &change(json!({"tolerated": "25%"}))).await.unwrap();
    let progress = world.until("it pauses again", |it| it.status == Status::Paused && it.failed > 10).await;
    assert!((11..=12).contains(&progress.failed), "{progress:?}");
    world.receiver.does.lock().unwrap().clear();
    world.batches.retry(ID).await.unwrap();
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.failed), (40, 0));
    eventually("it is no incident any more", async || {
        let listed = server::list(world.server.client(), "Incident = true").await;
        if listed.is_empty() { Ok(()) } else { Err(listed.len()) }
    })
    .await;
}

#[tokio::test]
async fn b06_a_retry_sends_only_what_has_failed_under_the_same_keys() {
    let world = World::new(20, 6).await;
    world.receiver.refuses([2, 9, 20], "not-now");
    world.start(Limits::default()).await;
    world.until_status(Status::Paused).await;
    world.batches.limits(ID, &change(json!({"tolerated": 2}))).await.unwrap();
    world.until("all were sent", |it| it.status == Status::Paused && it.answered() == 20).await;
    world.receiver.does.lock().unwrap().remove(&2);
    world.receiver.does.lock().unwrap().remove(&20);
    let before = world.receiver.arrived();
    world.batches.retry(ID).await.unwrap();
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.failed), (19, 1));
    let again: Vec<_> = world.receiver.arrived().split_off(before.len());
    let mut numbers: Vec<_> = again.iter().map(|it| it.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 9, 20]);
    let key_of = |number| before.iter().find(|it| it.number == number).map(|it| it.key.clone());
    assert!(again.iter().all(|it| Some(&it.key) == key_of(it.number).as_ref()));
    assert!(matches!(world.batches.retry(ID).await, Err(OperatorError::NotRunning(_))));
}

#[tokio::test]
async fn b11_a_cancelled_batch_sends_no_more_and_undoes_what_took_effect() {
    let world = World::new(50, 10).await.gated();
    world.start(Limits::default().in_flight(5)).await;
    world.receiver.lets_pass(23);
    world.until("some took effect", |progress| progress.accepted == 23).await;
    world.batches.cancel(ID, true).await.unwrap();
    world.until_draining().await;
    world.until_in_flight(5).await;
    world.receiver.lets_pass(1_000);
    let progress = world.until_status(Status::Cancelled).await;
    assert_eq!(world.receiver.counted(), Vec::<u32>::new());
    let arrived = world.receiver.arrived();
    let sent = arrived.iter().filter(|it| !it.is_undo).count();
    assert_eq!(sent, 28, "what was not sent stays unsent");
    assert_eq!(progress.accepted, u64::try_from(sent).unwrap());
    assert!(progress.undone >= progress.accepted);
    assert!(arrived.iter().filter(|it| it.is_undo).all(|it| it.key == format!("Numbers/b/{}/undo", it.number)));
}

#[tokio::test]
async fn b11_without_undoing_it_ends_where_it_is() {
    let world = World::new(50, 10).await;
    world.receiver.refuses([7], "not-now");
    world.start(Limits::default().in_flight(1)).await;
    world.until_status(Status::Paused).await;
    world.batches.cancel(ID, false).await.unwrap();
    let progress = world.until_status(Status::Cancelled).await;
    assert_eq!((progress.accepted, progress.failed, progress.undone), (6, 1, 0));
    assert_eq!(world.receiver.counted(), (1..=6).collect::<Vec<_>>());
}
