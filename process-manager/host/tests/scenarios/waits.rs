//! S09: waits for events that nobody handles, abandoned waits, and strong consistency beside slow instances.

use std::time::Duration;

use futures::future::join_all;
use process_manager_engine::subscription::Status;
use process_manager_host::{WaitError, wait_until_handled};
use test_support::{STALL, eventually};

use super::{
    probe::{Answer, Consistent, Probe, RouteTo, Step},
    world::{Receiver, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn s09_an_event_that_nobody_handles_counts_as_handled_once_it_is_passed() {
    let world = World::new().await;
    // For one id no instance has ever run; for one it has ended; for one it runs, but the event is not given to it.
    let stop = world.append(Step::new(RouteTo::Stop, "nobody", "stop"));
    world.handled(&stop).await;
    world.append(Step::start("a", "one"));
    world.append(Step::new(RouteTo::Stop, "a", "stop"));
    let again = world.append(Step::new(RouteTo::Stop, "a", "stop again"));
    world.handled(&again).await;
    let first = world.append(Step::start("b", "one"));
    world.handled(&first).await;
    let step = Step { by_metadata: true, ..Step::new(RouteTo::StartStrict, "-", "skipped") };
    let skipped = world.append_about("skip:b", step.clone());
    let begins = world.append(Step::start("skip:b", "one"));
    world.handled(&skipped).await;
    world.handled(&begins).await;
    let skipped = world.append_about("skip:b", step);
    world.handled(&skipped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_waits_that_were_given_up_make_room_for_others() {
    let world = World::new().await;
    let first = world.append(Step::start("a", "one"));
    world.handled(&first).await;
    world.signal("subscription-Probe", "pause", None).await;
    world.subscription_until("paused", |it| it.status == Status::Paused).await;
    let late = world.append(Step::start("a", "two"));
    // A run takes ten updates at a time.
    let client = world.server.client();
    let given_up = (0..12).map(|_| wait_until_handled::<Probe>(client, &late, Duration::from_secs(2)));
    for waited in join_all(given_up).await {
        assert!(matches!(waited, Err(WaitError::TimedOut(_))), "{waited:?}");
    }
    wait_until_handled::<Probe>(client, &first, STALL).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_a_strongly_consistent_subscription_goes_on_beside_an_instance_that_waits_for_its_retry() {
    let mut world = World::without_worker().await;
    world.recorder.answer("bad", &[Receiver::Refuses]);
    world.host::<Consistent>().await;
    world.append(Step::start("a", "one").commands(&["bad"]).on_error(&[Answer::RetryAfter(3_600_000)]));
    let other = world.append(Step::start("b", "two"));
    world.handled_by::<Consistent>(&other).await;
    let third = world.append(Step::start("c", "three"));
    world.handled_by::<Consistent>(&third).await;
    // The position has not passed the waiting events.
    world.signal("subscription-Consistent", "pause", None).await;
    let paused = eventually("paused", async || match world.subscription_of::<Consistent>().await {
        state if state.status == Status::Paused => Ok(state),
        other => Err(other),
    });
    assert_eq!(paused.await.at.position, 0);
}
