//! A hundred thousand events of one instance.

use std::time::{Duration, Instant};

use super::{
    super::world::World,
    runs::history_lengths,
    tally::{Reports, Tally, append, host, until},
};

const EVENTS: u64 = 100_000;
/// One event in so many asks for a command.
const REPORTED: u64 = 20;
const IN_TIME: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_events_of_one_instance_keep_every_runs_history_below_ten_thousand() {
    let (world, reports) = (World::without_worker().await, Reports::default());
    for number in 0..EVENTS {
        append(&world.log, "a", number, (number + 1) % REPORTED == 0, 0);
    }
    let begun = Instant::now();
    let worker = host(&world, &reports).await;
    reports.until((EVENTS / REPORTED).try_into().unwrap(), IN_TIME).await;
    let view = until(&world, "a", IN_TIME, "all is handled", |view| view.handled_events >= EVENTS).await;
    println!("{EVENTS} events in {:.1?}", begun.elapsed());
    assert_eq!(view.handled_events, EVENTS);
    assert_eq!(serde_json::from_value::<Tally>(view.state).unwrap(), Tally::of(0..EVENTS));
    let lengths = history_lengths::<Tally>(&world, "a").await;
    println!("{} runs of at most {:?} events", lengths.len(), lengths.iter().max());
    assert!(lengths.len() > 1, "{lengths:?}");
    assert!(lengths.iter().all(|length| *length < 10_000), "{lengths:?}");
    drop(worker);
}
