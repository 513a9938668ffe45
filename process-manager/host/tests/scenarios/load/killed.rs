//! Many events over many instances, while the worker is killed.

use std::time::Instant;

use futures::{StreamExt, stream};
use rand::seq::SliceRandom;
use test_support::{heavy, load};

use super::{
    super::world::World,
    tally::{Reports, Tally, append, host, until},
};

const EACH: u64 = 10;
const KILLS: usize = 4;

fn instances(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("instance-{number}"))
}

/// Appends the events of all instances, mixed. Each instance has its own events in order, and each event asks for a
/// command.
fn append_mixed(world: &World, instances: usize) -> usize {
    let mut turns: Vec<usize> = (0..instances).flat_map(|instance| [instance; EACH as usize]).collect();
    turns.shuffle(&mut rand::rng());
    let mut numbers = vec![0; instances];
    for instance in &turns {
        append(&world.log, &format!("instance-{instance}"), numbers[*instance], true, 0);
        numbers[*instance] += 1;
    }
    turns.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_events_over_many_instances_are_each_handled_once_in_order_though_the_worker_is_killed() {
    let (_turn, count) = (heavy().await, load(150, 1_000));
    let (world, reports) = (World::without_worker().await, Reports::default());
    let events = append_mixed(&world, count);
    let mut kills: Vec<usize> = (0..KILLS).map(|_| rand::random_range(1..events)).collect();
    kills.sort_unstable();
    let begun = Instant::now();
    let mut worker = host(&world, &reports).await;
    for at in &kills {
        reports.until(*at).await;
        worker.kill();
        worker = host(&world, &reports).await;
    }
    reports.until(events).await;
    println!("{events} events with kills at {kills:?} in {:.1?}; {} commands", begun.elapsed(), reports.dispatched());
    // Each command reports what its instance had applied before: everything that came before it, in order, and nothing
    // twice.
    let each: Vec<_> = (0..EACH).map(|number| (number, Tally::of(0..number))).collect();
    let effects = reports.effects();
    assert_eq!(effects.len(), count);
    assert!(effects.iter().all(|(id, effects)| *effects == each || panic!("{id}: {effects:?}")));
    // The last event is applied as well.
    let views = stream::iter(instances(count)).map(async |id| {
        let view = until(&world, &id, "all is handled", |view| view.handled_events >= EACH).await;
        (id, view.handled_events, serde_json::from_value::<Tally>(view.state).unwrap())
    });
    let views: Vec<_> = views.buffer_unordered(16).collect().await;
    for (id, handled, tally) in views {
        assert_eq!((handled, tally), (EACH, Tally::of(0..EACH)), "{id}");
    }
    println!("checked after {:.1?}", begun.elapsed());
}
