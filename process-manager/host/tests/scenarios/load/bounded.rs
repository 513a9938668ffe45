//! A very large number of events for one instance.

use std::time::Instant;

use test_support::{heavy, load};

use super::{
    super::world::World,
    runs::history_lengths,
    tally::{Reports, Tally, append, host, until},
};

/// One in this many events asks for a command.
const REPORTED: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn very_many_events_of_one_instance_keep_every_runs_history_below_ten_thousand() {
    let (_turn, count) = (heavy().await, load(25_000, 100_000));
    let (world, reports) = (World::without_worker().await, Reports::default());
    for number in 0..count {
        append(&world.log, "a", number, (number + 1) % REPORTED == 0, 0);
    }
    let begun = Instant::now();
    let worker = host(&world, &reports).await;
    reports.until((count / REPORTED).try_into().unwrap()).await;
    let view = until(&world, "a", "all is handled", |view| view.handled_events >= count).await;
    println!("{count} events in {:.1?}", begun.elapsed());
    assert_eq!(view.handled_events, count);
    assert_eq!(serde_json::from_value::<Tally>(view.state).unwrap(), Tally::of(0..count));
    let lengths = history_lengths::<Tally>(&world, "a").await;
    println!("{} runs of at most {:?} events", lengths.len(), lengths.iter().max());
    assert!(lengths.len() > 1, "{lengths:?}");
    assert!(lengths.iter().all(|length| *length < 10_000), "{lengths:?}");
    drop(worker);
}
