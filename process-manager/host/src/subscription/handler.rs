//! The handler of a subscription's events.

use std::{error::Error, time::Duration};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use process_manager::{instance::Continued, limits::cut_to};
use process_manager_client::feed::{FeedEvent, FeedPosition};
use process_manager_engine::{
    activities::{LeftOut, Redeliver},
    subscription::Retrying,
};
use process_manager_wire::Position;
use tokio::sync::watch;

/// A fault of a handler: the same event, or the next sweep, is retried.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct HandlerError {
    what: String,
    source: Box<dyn Error + Send + Sync>,
}

impl HandlerError {
    /// `what` could not be done because of `source`.
    #[must_use]
    pub fn new(what: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: what.into(), source: source.into() }
    }
}

/// Attempts at an event of a redelivery: the subscription follows its log again only when the redelivery is over.
const ATTEMPTS_OF_REDELIVERY: u32 = 10;
/// How long an instance may take to handle an event, before the position of a strongly consistent subscription passes it.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);

/// How a turn wants its events to be delivered.
#[derive(Debug)]
pub(crate) struct Terms {
    /// How often the first of the events has been tried before.
    pub(crate) attempt: u32,
    /// The time after which an instance that cannot be delivered to is given up, if others can be.
    pub(crate) give_up_after: Duration,
    /// The time that an instance may take to settle, until the position passes its events all the same.
    pub(crate) settle_within: Duration,
    /// The logs that this one continues.
    pub(crate) continues: Vec<Continued>,
    /// The events are redelivered: an instance takes them below what it has accepted.
    pub(crate) redeliver: Option<Redeliver>,
    /// The instances that cannot be delivered to, those that have been so for the longest first.
    pub(crate) retrying: watch::Sender<Vec<Retrying>>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            attempt: 0,
            give_up_after: super::Pace::default().give_up_after,
            settle_within: SETTLE_WITHIN,
            continues: Vec::new(),
            redeliver: None,
            retrying: watch::Sender::new(Vec::new()),
        }
    }
}

impl Terms {
    /// Whether an event that has been tried so often may be tried again at once.
    pub(crate) fn retries(&self, attempts: u32) -> bool {
        self.redeliver.is_none() || attempts < ATTEMPTS_OF_REDELIVERY
    }
}

/// Entries of the log that are done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    /// How many.
    pub(crate) entries: usize,
    /// Where the last of them stands.
    pub(crate) at: FeedPosition,
    /// When it was recorded.
    pub(crate) time: Option<DateTime<Utc>>,
}

/// Why a handler does not go on. It is about the event behind those that have been passed.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// It is retried after this time, which survives restarts; it has been tried so often.
    RetryAfter(Duration, u32),
    /// An operator has to decide: the subscription stops.
    Stop(String),
}

/// Handles the events of one log. It may see events again after a crash, so what it does must bear repetition; and it
/// may be dropped at any await, as if the program died there.
pub(crate) trait EventHandler: Send + Sync {
    /// Begins to deliver.
    fn begin(&self, terms: Terms) -> Box<dyn Delivering + Send + '_>;

    /// Reconciles state that no event announces. It runs beside the deliveries, at regular intervals, also while the log
    /// cannot be read or an event is retried.
    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(async { Ok(()) })
    }
}

/// The deliveries of a turn.
pub(crate) trait Delivering {
    /// Takes entries of the log; they follow on those that were taken before.
    fn take(&mut self, entries: Vec<FeedEvent>);

    /// Whether it takes more.
    fn has_room(&self) -> bool;

    /// Whether everything that it has taken has been passed.
    fn is_empty(&self) -> bool;

    /// Delivers, and returns when entries have been passed, or when it does not go on. It may be dropped at any await, and
    /// be called again.
    fn advance(&mut self) -> BoxFuture<'_, Result<Passed, Interrupted>>;

    /// Returns the events that could not be redelivered.
    fn left_out(&mut self) -> Vec<LeftOut> {
        Vec::new()
    }
}

/// Most characters of a reason: a thousand of them are handed over to the next run.
const LONGEST_REASON: usize = 200;

/// Returns what was left out, for one event.
pub(crate) fn left_out(position: Position, why: &str) -> LeftOut {
    LeftOut { position, why: cut(why) }
}

/// Returns the beginning of a reason.
pub(crate) fn cut(why: &str) -> String {
    cut_to(why.to_owned(), LONGEST_REASON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_of_a_redelivery_is_given_up_after_some_attempts() {
        assert!(Terms::default().retries(u32::MAX));
        let redeliver = Some(Redeliver { positions: vec![1], instance: None });
        let terms = Terms { redeliver, ..Terms::default() };
        assert_eq!((terms.retries(9), terms.retries(10)), (true, false));
    }
}
