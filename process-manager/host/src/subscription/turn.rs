//! One turn of a subscription, apart from Temporal: delivers, sweeps, and says how far it is.

use std::{convert::Infallible, future::Future, time::Duration};

use chrono::Utc;
use metrics::{counter, gauge};
use process_manager_wire::{CloudEvent, error_chain};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{EventHandler, Interrupted};
use process_manager_client::{
    Backoff,
    feed::{FeedError, FeedEvent, FeedPosition, FeedReader, MAX_LIMIT},
};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the service keeps an answer back when there is no event.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Events in one answer, and in the hands of a handler: as many as there may be, for those of one instance go together in
/// one signal. With 500 the bench `subscription` delivered some half as many to 500 instances in a second.
const BATCH: u16 = MAX_LIMIT;

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

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It was long enough, or it was told to stop.
    Over,
    /// The next event is retried, for the `attempt`th time, after this pause.
    RetryLater { after: Duration, attempt: u32 },
}

/// Why a subscription stops until an operator has decided.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Log(FeedError),
    #[error("{0}")]
    Handler(String),
}

/// Follows the log until the turn is over or `stop` is ready, and returns how far it came. The first event has been
/// tried `attempt` times before.
///
/// Everything runs in one task: when one part ends the turn, the others are dropped at once.
pub(super) async fn turn(
    name: &str,
    reader: &mut FeedReader,
    attempt: u32,
    handler: &dyn EventHandler,
    pace: Pace,
    progress: &watch::Sender<Progress>,
    stop: impl Future<Output = ()>,
) -> Result<Turn, Stopped> {
    tokio::select! {
        outcome = deliver(name, reader, attempt, handler, pace, progress) => outcome,
        never = sweep(name, handler, pace.sweep_every) => match never {},
        () = stop => Ok(Turn::Over),
    }
}

async fn deliver(
    name: &str,
    reader: &mut FeedReader,
    mut attempt: u32,
    handler: &dyn EventHandler,
    pace: Pace,
    progress: &watch::Sender<Progress>,
) -> Result<Turn, Stopped> {
    let began = Instant::now();
    let mut delivered = 0;
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    while delivered < pace.turn_events && began.elapsed() < pace.turn_time {
        let batch = match reader.next(BATCH, LONG_POLL).await {
            Ok(events) => {
                backoff.reset();
                events
            }
            Err(error) if error.is_final() => return Err(Stopped::Log(error)),
            Err(error) => {
                tracing::warn!(subscription = name, "the log cannot be read: {}", error_chain(&error));
                backoff.wait().await;
                continue;
            }
        };
        if batch.is_empty() {
            progress.send_modify(|progress| progress.behind_seconds = 0);
            gauge!("subscription_behind_seconds", "subscription" => name.to_owned()).set(0);
        }
        let events = readable(name, &batch);
        let handled = handler.handle(&events, attempt).await;
        let done = done(&batch, &events, handled.count);
        if let Some(last) = done.last() {
            let at = last.passed(reader.at());
            reader.advance_to(at.clone());
            delivered += done.len();
            attempt = 0;
            report(name, progress, at, last);
        }
        match handled.interrupted {
            None => (),
            Some(Interrupted::Stop(why)) => return Err(Stopped::Handler(why)),
            Some(Interrupted::RetryAfter(after)) => return Ok(Turn::RetryLater { after, attempt: attempt + 1 }),
        }
    }
    Ok(Turn::Over)
}

/// Returns the events of a batch; malformed entries are skipped.
fn readable(name: &str, batch: &[FeedEvent]) -> Vec<CloudEvent> {
    let readable = batch.iter().filter_map(|event| match event {
        FeedEvent::Event(event) => Some((**event).clone()),
        FeedEvent::Malformed { position, reason, .. } => {
            tracing::error!(subscription = name, position, reason, "a malformed event is passed over");
            counter!("subscription_malformed_events_total", "subscription" => name.to_owned()).increment(1);
            None
        }
    });
    readable.collect()
}

/// The entries of the batch that are done with, when `count` of its events have been handled.
fn done<'a>(batch: &'a [FeedEvent], events: &[CloudEvent], count: usize) -> &'a [FeedEvent] {
    match events.get(count) {
        None => batch,
        Some(next) => &batch[..batch.partition_point(|entry| entry.position() < next.sequence)],
    }
}

fn report(name: &str, progress: &watch::Sender<Progress>, at: FeedPosition, last: &FeedEvent) {
    let behind_seconds = match last {
        FeedEvent::Event(event) => (Utc::now() - event.time).num_seconds().max(0),
        FeedEvent::Malformed { .. } => 0,
    };
    let name = name.to_owned();
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    {
        gauge!("subscription_position", "subscription" => name.clone()).set(at.position as f64);
        gauge!("subscription_behind_seconds", "subscription" => name).set(behind_seconds as f64);
    }
    progress.send_replace(Progress { at, behind_seconds });
}

async fn sweep(name: &str, handler: &dyn EventHandler, every: Duration) -> Infallible {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = handler.sweep().await {
            tracing::warn!(subscription = name, "a sweep failed: {}", error_chain(&error));
        }
    }
}

#[cfg(test)]
mod tests;
