//! Heartbeats of long activities.

use std::time::Duration;

use serde::Serialize;
use temporalio_sdk::activities::ActivityContext;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};

/// The shortest interval. The SDK sends heartbeats no more often than the worker's options allow.
pub(crate) const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

/// Tells Temporal how far an activity is: soon after each change, and at longer intervals while nothing changes. A
/// cancelled activity learns of that from the answer. Run it in a task of its own, so that slow code holds up no
/// heartbeat.
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
        // When the progress can change no more, it is still reported until the activity ends.
        let _ = timeout(at_rest, progress.changed()).await;
    }
}
