//! A batch from its first item to its last.

use std::sync::atomic::Ordering;

use process_manager::batch::{Limits, Status, Tolerated};
use prost::Message;
use rand::Rng;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use test_support::{eventually, load};

use super::{
    receiver::Does,
    world::{ID, World},
};
use crate::server;

#[tokio::test]
async fn b01_the_items_are_those_of_the_start_though_others_join_and_leave() {
    let world = World::new(30, 7).await.gated();
    world.start(Limits::default().in_flight(3)).await;
    world.until_in_flight(3).await;
    // A number that was read leaves, one that was not read leaves, and new ones join.
    world.source.numbers.lock().unwrap().retain(|number| ![2, 25].contains(number));
    world.source.numbers.lock().unwrap().extend(31..40);
    world.receiver.lets_pass(1_000);
    let progress = world.until_status(Status::Completed).await;
    assert_eq!(world.receiver.counted(), (1..=30).filter(|number| *number != 25).collect::<Vec<_>>());
    assert_eq!(world.receiver.arrived().len(), 29, "each was sent once");
    assert_eq!((progress.total, progress.accepted), (Some(29), 29));
}

#[tokio::test]
async fn b04_a_refusal_is_listed_a_fault_is_retried_with_the_same_key_and_the_others_go_on() {
    let world = World::new(20, 6).await;
    world.receiver.refuses([3, 17], "not-now");
    world.receiver.refuses([5], "nothing-to-do");
    world.receiver.does.lock().unwrap().insert(4, Does::Faults(3));
    world.start(Limits::default().tolerated(Tolerated::Items(2))).await;
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.settled, progress.failed), (17, 1, 2));
    let failed = world.failed().await;
    let failed: Vec<_> = failed.iter().map(|it| (it.id.as_str(), it.refusal.code.as_str())).collect();
    assert_eq!(failed, [("3", "not-now"), ("17", "not-now")]);
    let keys: Vec<_> = world.receiver.arrived().into_iter().filter(|it| it.number == 4).map(|it| it.key).collect();
    assert_eq!(keys, vec!["Numbers/b/4"; 4]);
}

#[tokio::test]
async fn b07_the_progress_is_known_while_it_runs_and_exact_at_the_end() {
    let world = World::new(12, 5).await.gated();
    world.start(Limits::default().in_flight(4)).await;
    world.receiver.lets_pass(6);
    let progress = world.until("six are answered", |progress| progress.accepted == 6 && progress.in_flight == 4).await;
    assert_eq!((progress.status, progress.total), (Status::Running, Some(12)));
    assert!(progress.expected_end.is_none(), "nothing is known of its rate yet");
    world.receiver.lets_pass(6);
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.total, progress.answered(), progress.in_flight), (Some(12), 12, 0));
    let listed = eventually("it is listed as ended", async || {
        let listed = world.batches.list(Some(false), 10, Vec::new()).await.unwrap().items;
        listed.into_iter().next().ok_or(())
    })
    .await;
    assert_eq!((listed.workflow_id.as_str(), listed.progress), (ID, Some(progress)));
}

#[tokio::test]
async fn b08_each_item_takes_effect_once_though_worker_and_receiver_go_away() {
    let mut world = World::new(300, 40).await.gated();
    world.receiver.refuses((1..=300).filter(|number| number % 50 == 0), "not-now");
    world.start(Limits::default().in_flight(8).tolerated(Tolerated::Items(6))).await;
    for round in 1..=4_usize {
        let commands = rand::rng().random_range(30..60);
        world.receiver.lets_pass(commands);
        let arrived = world.receiver.arrived().len();
        world.until_arrived(arrived + commands / 2).await;
        world.receiver.is_away.store(round % 2 == 0, Ordering::SeqCst);
        world.kill();
        world.host(|hosting| hosting).await;
    }
    world.receiver.is_away.store(false, Ordering::SeqCst);
    world.receiver.lets_pass(100_000);
    let progress = world.until_status(Status::Completed).await;
    assert_eq!(world.receiver.counted().len(), 294);
    assert_eq!((progress.accepted, progress.failed, progress.total), (294, 6, Some(300)));
    // Items that a heartbeat has reported are not sent again.
    assert!(world.receiver.arrived().len() < 2 * 300, "{} commands were sent", world.receiver.arrived().len());
}

#[tokio::test]
async fn b09_what_a_run_hands_over_is_bounded_whatever_the_number_of_items() {
    let numbers = load(2_000, 100_000);
    let world = World::new(numbers, 250).await;
    world.receiver.refuses((1..=numbers).filter(|number| number % 2 == 0), "not-now");
    world.start(Limits::default().in_flight(50).tolerated(Tolerated::Percent(60.0))).await;
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.failed), (u64::from(numbers / 2), u64::from(numbers / 2)));
    assert_eq!(world.failed().await.len(), usize::try_from(numbers / 2).unwrap());
    let history = server::history(world.server.client(), ID).await;
    let largest = history.iter().map(Message::encoded_len).max().unwrap();
    assert!(largest < 512 * 1024, "an event has {largest} bytes");
    assert!(history.len() <= 4_100, "{} events", history.len());
}

#[tokio::test]
async fn b10_none_one_and_a_source_that_is_away() {
    let mut world = World::new(0, 5).await;
    world.start(Limits::default()).await;
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.total, progress.answered()), (Some(0), 0));

    world = World::new(1, 5).await;
    world.source.is_away.store(true, Ordering::SeqCst);
    world.start(Limits::default()).await;
    let progress = world.until("the fault is told", |progress| progress.fault.is_some()).await;
    assert!(progress.fault.unwrap().contains("the source is away"));
    world.source.is_away.store(false, Ordering::SeqCst);
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.fault), (1, None));
}

#[tokio::test]
async fn b10_a_page_that_fails_half_way_goes_on_where_it_stopped() {
    let mut world = World::new(20, 5).await.gated();
    world.start(Limits::default().in_flight(2)).await;
    world.receiver.lets_pass(7);
    world.until("seven are answered", |progress| progress.accepted == 7).await;
    world.source.is_away.store(true, Ordering::SeqCst);
    world.kill();
    world.host(|hosting| hosting).await;
    let reads = world.source.reads.load(Ordering::SeqCst);
    eventually("the source is asked in vain", async || {
        if world.source.reads.load(Ordering::SeqCst) > reads + 1 { Ok(()) } else { Err(()) }
    })
    .await;
    world.source.is_away.store(false, Ordering::SeqCst);
    world.receiver.lets_pass(1_000);
    world.until_status(Status::Completed).await;
    assert_eq!(world.receiver.counted().len(), 20);
    let again = world.receiver.arrived().len() - 20;
    assert!(again <= 2, "{again} were sent again, where two were in flight");
}

#[tokio::test]
async fn b12_the_second_start_of_an_id_finds_the_first() {
    let world = World::new(4, 5).await.gated();
    world.start(Limits::default()).await;
    world.until_in_flight(4).await;
    world.start(Limits::default().in_flight(1)).await;
    world.receiver.lets_pass(100);
    let progress = world.until_status(Status::Completed).await;
    assert_eq!(progress.limits.in_flight, 10);
    world.start(Limits::default()).await;
    assert_eq!(world.until_status(Status::Completed).await, progress, "it has been, and is not begun again");
    assert_eq!(world.receiver.arrived().len(), 4);
}

#[tokio::test]
async fn b13_an_item_costs_a_tenth_of_an_event_at_most() {
    let world = World::new(400, 200).await;
    world.start(Limits::default().in_flight(20)).await;
    world.until_status(Status::Completed).await;
    let history = server::history(world.server.client(), ID).await;
    assert!(history.len() <= 40, "{} events", history.len());
    let activities = history.iter().filter(|event| event.event_type() == EventType::ActivityTaskScheduled).count();
    assert_eq!(activities, 1, "they went in one chunk");
}
