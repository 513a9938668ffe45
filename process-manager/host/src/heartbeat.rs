//! Heartbeats of long activities.

use std::time::Duration;

use serde::Serialize;
use temporalio_sdk::activities::ActivityContext;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// The SDK sends no more of them than the worker's options allow.
const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

/// Tells Temporal how far an activity is, at regular intervals. To be run in a task of its own: code that takes long then
/// holds up no heartbeat.
pub(crate) async fn heartbeat<T>(ctx: ActivityContext, progress: watch::Receiver<T>)
where
    T: Clone + Serialize + Send + Sync + 'static,
{
    let mut ticks = interval(HEARTBEAT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let progress = progress.borrow().clone();
        if let Err(error) = ctx.record_heartbeat(progress).await {
            tracing::warn!(%error, "a heartbeat could not be sent");
        }
    }
}
