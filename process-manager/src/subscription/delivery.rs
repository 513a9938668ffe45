//! One turn of a subscription, apart from Temporal: delivers, sweeps, and says how far it is.

use std::{convert::Infallible, future::Future, time::Duration};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::EventHandler;
use crate::{
    causes::with_causes,
    feed::{FeedError, FeedEvent, FeedPosition, FeedReader},
};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the service keeps an answer back when there is no event.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Events in one answer.
const BATCH: u16 = 200;

/// How often a subscription sweeps, and when its workflow continues as new, so that its history stays short.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Time between two sweeps; 10 s by default.
    pub sweep_every: Duration,
    /// Events in one turn; 5,000 by default.
    pub turn_events: usize,
    /// Longest time of one turn (it may take a long poll more); 10 min by default.
    pub turn_time: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { sweep_every: Duration::from_secs(10), turn_events: 5_000, turn_time: Duration::from_secs(600) }
    }
}

/// How far a subscription is: the details of its heartbeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    #[serde(flatten)]
    pub(super) at: FeedPosition,
    /// Age of the last event when it had been handled; 0 while there is none to handle.
    pub(super) behind_seconds: i64,
}

/// Follows the log until the turn is over or `stop` is ready, and returns how far it came.
///
/// Everything runs in one task: when one part ends the turn, the others are dropped at once.
pub(super) async fn turn(
    name: &str,
    mut reader: FeedReader,
    handler: &dyn EventHandler,
    pace: Pace,
    progress: &watch::Sender<Progress>,
    stop: impl Future<Output = ()>,
) -> Result<(), FeedError> {
    tokio::select! {
        outcome = deliver(name, &mut reader, handler, pace, progress) => outcome,
        never = sweep(name, handler, pace.sweep_every) => match never {},
        () = stop => Ok(()),
    }
}

async fn deliver(
    name: &str,
    reader: &mut FeedReader,
    handler: &dyn EventHandler,
    pace: Pace,
    progress: &watch::Sender<Progress>,
) -> Result<(), FeedError> {
    let began = Instant::now();
    let mut delivered = 0;
    let mut pause = FIRST_PAUSE;
    while delivered < pace.turn_events && began.elapsed() < pace.turn_time {
        let events = match reader.next(BATCH, LONG_POLL).await {
            Ok(events) => events,
            Err(error) if error.is_final() => return Err(error),
            Err(error) => {
                tracing::warn!(subscription = name, "the log cannot be read: {}", with_causes(&error));
                pause = wait(pause).await;
                continue;
            }
        };
        pause = FIRST_PAUSE;
        if events.is_empty() {
            progress.send_modify(|progress| progress.behind_seconds = 0);
        }
        for event in &events {
            let behind_seconds = handle(name, handler, event).await;
            let at = reader.at().after(event);
            reader.move_to(at.clone());
            progress.send_replace(Progress { at, behind_seconds });
            delivered += 1;
        }
    }
    Ok(())
}

/// Hands one event over, as often as it takes. Returns its age in seconds.
async fn handle(name: &str, handler: &dyn EventHandler, event: &FeedEvent) -> i64 {
    let event = match event {
        FeedEvent::Event(event) => event,
        FeedEvent::Malformed { position, reason, .. } => {
            tracing::error!(subscription = name, position, reason, "a malformed event is passed over");
            return 0;
        }
    };
    let mut pause = FIRST_PAUSE;
    while let Err(error) = handler.handle(event).await {
        tracing::warn!(
            subscription = name,
            position = event.sequence,
            correlation_id = event.correlationid,
            "{} is tried again: {}",
            event.kind,
            with_causes(&error)
        );
        pause = wait(pause).await;
    }
    (Utc::now() - event.time).num_seconds().max(0)
}

async fn sweep(name: &str, handler: &dyn EventHandler, every: Duration) -> Infallible {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = handler.sweep().await {
            tracing::warn!(subscription = name, "a sweep did not get through: {}", with_causes(&error));
        }
    }
}

/// Waits, and returns how long to wait the next time.
async fn wait(pause: Duration) -> Duration {
    sleep(pause).await;
    (pause * 2).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
