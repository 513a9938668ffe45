//! One turn of a subscription, separate from Temporal: delivers, sweeps, and reports its progress.

use std::{convert::Infallible, future::Future, time::Duration};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use metrics::gauge;
use process_manager_engine::subscription::Retrying;
use process_manager_wire::error_chain;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{Delivering, EventHandler, Interrupted, Passed, Terms};
use process_manager_client::{
    Backoff,
    feed::{FeedError, FeedEvent, FeedPosition, FeedReader, MAX_LIMIT},
};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the service holds back its answer if there is no event.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Events in one answer: as many as possible, because those of one instance go together in one signal.
const BATCH: u16 = MAX_LIMIT;
/// How long deliveries under way may take to end with the turn; the next turn repeats those that did not end.
const DRAIN: Duration = Duration::from_secs(10);

/// How often a subscription sweeps, when its workflow continues as new to keep its history short, and when it gives up
/// an instance.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time between two sweeps; 10 s by default.
    pub sweep_every: Duration,
    /// The number of events in one turn; 5,000 by default.
    pub turn_events: usize,
    /// The longest time of one turn; 10 min by default. An instance that cannot be delivered to is tried at most for
    /// the rest of a turn, so this should be longer than `give_up_after`.
    pub turn_time: Duration,
    /// The time after which an instance that cannot be delivered to, while others can be, is a routing error; 2 min by
    /// default. It is tried at least three times.
    pub give_up_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            sweep_every: Duration::from_secs(10),
            turn_events: 5_000,
            turn_time: Duration::from_secs(600),
            give_up_after: Duration::from_secs(120),
        }
    }
}

/// The progress of a subscription: the details of its heartbeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    #[serde(flatten)]
    pub(super) at: FeedPosition,
    /// The age of the last event when it was handled; 0 while there is none to handle.
    pub(super) behind_seconds: i64,
    /// The instances that cannot be delivered to; at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) retrying: Vec<Retrying>,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The turn was long enough, or was told to stop.
    Over,
    /// The next event is retried, for the `attempt`th time, after this pause.
    RetryLater { after: Duration, attempt: u32 },
}

/// The reason why a subscription stops until an operator decides.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Log(FeedError),
    #[error("{0}")]
    Handler(String),
}

/// Follows the log until the turn is over or `stop` is ready, and returns how far it got.
///
/// Everything runs in one task: when one part ends the turn, the others are dropped at once.
pub(super) async fn turn(
    name: &str,
    reader: &mut FeedReader,
    handler: &dyn EventHandler,
    terms: Terms,
    pace: Pace,
    progress: &watch::Sender<Progress>,
    stop: impl Future<Output = ()>,
) -> Result<Turn, Stopped> {
    let retrying = terms.retrying.subscribe();
    let deliveries = handler.begin(terms);
    tokio::select! {
        outcome = deliver(name, reader, deliveries, pace, progress) => outcome,
        never = sweep(name, handler, pace.sweep_every) => match never {},
        never = show(name, retrying, progress) => match never {},
        () = stop => Ok(Turn::Over),
    }
}

type Read = Result<Vec<FeedEvent>, FeedError>;

/// Delivers what was read, in the order of the log, until the turn is over.
async fn deliver(
    name: &str,
    reader: &mut FeedReader,
    mut deliveries: Box<dyn Delivering + Send + '_>,
    pace: Pace,
    progress: &watch::Sender<Progress>,
) -> Result<Turn, Stopped> {
    let end = Instant::now() + pace.turn_time;
    let (batches, mut read) = mpsc::channel(1);
    let reading = read_on(name, reader, batches).fuse();
    tokio::pin!(reading);
    let (mut passed, mut drained, mut log_ended) = (0, None, None);
    loop {
        let is_over = passed >= pace.turn_events || Instant::now() >= end;
        if deliveries.is_empty() {
            match log_ended.take() {
                Some(error) => return Err(Stopped::Log(error)),
                None if is_over => return Ok(Turn::Over),
                None => (),
            }
        }
        let wake = if is_over { *drained.get_or_insert_with(|| Instant::now() + DRAIN) } else { end };
        tokio::select! {
            biased;
            outcome = deliveries.advance() => match outcome {
                Ok(done) => {
                    passed += done.entries;
                    report(name, progress, done);
                }
                Err(Interrupted::Stop(why)) => return Err(Stopped::Handler(why)),
                Err(Interrupted::RetryAfter(after, attempt)) => return Ok(Turn::RetryLater { after, attempt }),
            },
            Some(batch) = read.recv(), if !is_over && log_ended.is_none() && deliveries.has_room() => match batch {
                Ok(entries) if entries.is_empty() => caught_up(name, progress),
                Ok(entries) => deliveries.take(entries),
                // Everything that came before is still delivered.
                Err(error) => log_ended = Some(error),
            },
            () = &mut reading, if log_ended.is_none() => (),
            () = sleep_until(wake) => if is_over {
                return Ok(Turn::Over);
            },
        }
    }
}

/// Reads the log for ever, ahead of the deliveries; an error ends it, and is the last thing that it sends.
async fn read_on(name: &str, reader: &mut FeedReader, batches: mpsc::Sender<Read>) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let read = match reader.next(BATCH, LONG_POLL).await {
            Ok(entries) => {
                backoff.reset();
                let at = entries.iter().fold(reader.at().clone(), |at, entry| entry.passed(&at));
                reader.advance_to(at);
                Ok(entries)
            }
            Err(error) if error.is_final() => Err(error),
            Err(error) => {
                tracing::warn!(subscription = name, "the log cannot be read: {}", error_chain(&error));
                backoff.wait().await;
                continue;
            }
        };
        let is_last = read.is_err();
        if batches.send(read).await.is_err() || is_last {
            return;
        }
    }
}

/// Publishes the instances that cannot be delivered to.
async fn show(
    name: &str,
    mut retrying: watch::Receiver<Vec<Retrying>>,
    progress: &watch::Sender<Progress>,
) -> Infallible {
    loop {
        if retrying.changed().await.is_err() {
            return std::future::pending().await;
        }
        let retrying = retrying.borrow_and_update().clone();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        gauge!("subscription_retrying_instances", "subscription" => name.to_owned()).set(retrying.len() as f64);
        progress.send_modify(|progress| progress.retrying = retrying);
    }
}

fn caught_up(name: &str, progress: &watch::Sender<Progress>) {
    progress.send_modify(|progress| progress.behind_seconds = 0);
    gauge!("subscription_behind_seconds", "subscription" => name.to_owned()).set(0);
}

fn report(name: &str, progress: &watch::Sender<Progress>, passed: Passed) {
    let age = |time: DateTime<Utc>| (Utc::now() - time).num_seconds().max(0);
    let behind_seconds = passed.time.map_or(0, age);
    let name = name.to_owned();
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    {
        gauge!("subscription_position", "subscription" => name.clone()).set(passed.at.position as f64);
        gauge!("subscription_behind_seconds", "subscription" => name).set(behind_seconds as f64);
    }
    progress.send_modify(|progress| {
        progress.at = passed.at;
        progress.behind_seconds = behind_seconds;
    });
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
