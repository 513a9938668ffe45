//! A parked instance still receives events.

use std::time::Instant;

use process_manager::instance::{InstanceView, Status};
use test_support::{heavy, load};

use super::{
    super::world::World,
    runs::history_lengths,
    tally::{Reports, Tally, append, host, until},
};

/// Parks an instance at its first event; the others wait until it is told to try again.
async fn parked_with(events: u64, padding: usize) {
    let (world, reports) = (World::without_worker().await, Reports::default());
    reports.refuse(true);
    append(&world.log, "a", 0, true, padding);
    let worker = host(&world, &reports).await;
    let is_parked = |view: &InstanceView| view.status == Status::Parked;
    until(&world, "a", "it is parked", is_parked).await;
    let begun = Instant::now();
    for number in 1..events {
        append(&world.log, "a", number, number == events - 1, padding);
    }
    let waiting = usize::try_from(events).unwrap() - 1;
    until(&world, "a", "all wait", |view| view.queued_events == waiting).await;
    println!("{waiting} events wait after {:.1?}", begun.elapsed());
    reports.refuse(false);
    world.signal("Tally-a", "retry", None).await;
    reports.until(2).await;
    let view = until(&world, "a", "all is handled", |view| view.handled_events >= events).await;
    assert_eq!(view.handled_events, events);
    assert_eq!(serde_json::from_value::<Tally>(view.state).unwrap(), Tally::of(0..events));
    let lengths = history_lengths::<Tally>(&world, "a").await;
    println!(
        "handled after {:.1?}, {} runs of at most {:?} events",
        begun.elapsed(),
        lengths.len(),
        lengths.iter().max()
    );
    assert!(lengths.iter().all(|length| *length < 10_000), "{lengths:?}");
    drop(worker);
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_events_that_wait_for_a_parked_instance_are_handled_in_order_once_it_goes_on() {
    let _turn = heavy().await;
    parked_with(load(4_000, 20_000), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_events_wait_for_a_parked_instance_than_its_next_run_can_take_along() {
    let _turn = heavy().await;
    parked_with(load(2_000, 10_000), 1_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_waiting_events_are_gone_from_the_log_is_parked_until_a_person_decides() {
    let (mut world, reports) = (World::without_worker().await, Reports::default());
    reports.refuse(true);
    // Few but large events: the first run is soon long enough.
    for number in 0..100 {
        append(&world.log, "a", number, number == 0, 100_000);
    }
    let worker = host(&world, &reports).await;
    until(&world, "a", "all wait", |view| view.queued_events == 99).await;
    reports.refuse(false);
    drop(worker);
    // The log is replaced: the subscription does not notice before it reaches an event of it.
    let log = std::mem::take(&mut world.log);
    let worker = host(&world, &reports).await;
    world.signal("Tally-a", "retry", None).await;
    let parked = until(&world, "a", "it is parked", |view| failed(view, "unreadable")).await;
    let before = parked.handled_events;
    assert!(before > 0 && parked.failure.unwrap().detail.contains("is not there any more"));
    // The log is back.
    drop(worker);
    world.log = log;
    let worker = host(&world, &reports).await;
    world.signal("Tally-a", "retry", None).await;
    let view = until(&world, "a", "all is handled", |view| view.handled_events == 100).await;
    assert_eq!(serde_json::from_value::<Tally>(view.state).unwrap(), Tally::of(0..100));
    drop(worker);
}

fn failed(view: &InstanceView, code: &str) -> bool {
    view.failure.as_ref().is_some_and(|failure| failure.code == code)
}
