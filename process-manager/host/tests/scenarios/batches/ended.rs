//! X12 for batches whose runs are ended from outside.

use process_manager::batch::{Limits, PausedBy, Status, Tolerated};
use process_manager_host::subscription::Pace;

use super::world::{ID, MOMENT, World};
use crate::ended::terminate_in;

#[tokio::test]
async fn x12_a_batch_that_is_terminated_comes_back_paused_and_resumed_it_does_the_rest() {
    let mut world = World::new(450, 100).await;
    world.kill();
    world.host(|hosting| hosting.pace(Pace { sweep_every: MOMENT, ..Pace::default() })).await;
    world.receiver.refuses(1..=230, "not-now");
    let world = world.gated();
    world.start(Limits::default().in_flight(10).tolerated(Tolerated::Items(449))).await;
    world.receiver.lets_pass(300);
    world.until("three hundred were answered", |progress| progress.answered() == 300).await;
    terminate_in(world.server.client(), ID).await;
    let progress = world.until("it comes back", |progress| progress.needs_operator()).await;
    let pause = progress.pause.unwrap();
    assert_eq!((pause.by, pause.detail.as_str()), (PausedBy::Ended, "the run was terminated by kim (by mistake)"));
    world.receiver.lets_pass(10_000);
    world.batches.resume(ID).await.unwrap();
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.failed), (220, 230));
    assert_eq!(world.receiver.counted(), (231..=450).collect::<Vec<_>>());
    assert_eq!(world.failed().await.len(), 230);
}
