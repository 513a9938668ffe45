//! Heartbeats of long activities.

use std::time::Duration;

use serde::Serialize;
use temporalio_sdk::activities::ActivityContext;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};

/// Shortest interval. The SDK sends no more of them than the worker's options allow.
pub(crate) const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

/// Tells Temporal how far an activity is: soon after each change, and at rest at longer intervals. An activity that is
/// cancelled hears of that with the answer. To be run in a task of its own: code that takes long then holds up no heartbeat.
pub(crate) async fn heartbeat<T>(ctx: ActivityContext, mut progress: watch::Receiver<T>, at_rest: Duration)
where
    T: Clone + Serialize + Send + Sync + 'static,
{
    let mut ticks = interval(HEARTBEAT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let told = progress.borrow_and_update().clone();
        if let Err(error) = ctx.record_heartbeat(told).await {
            tracing::warn!(%error, "a heartbeat could not be sent");
        }
        // Where it can change no more, it is told all the same until the activity ends.
        let _ = timeout(at_rest, progress.changed()).await;
    }
}
