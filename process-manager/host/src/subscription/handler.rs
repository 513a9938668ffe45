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
    /// Creates the error that `what` could not be done because of `source`.
    #[must_use]
    pub fn new(what: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: what.into(), source: source.into() }
    }
}

/// How often an event of a redelivery is tried: the subscription follows its log again only when the redelivery is
/// over.
const ATTEMPTS_OF_REDELIVERY: u32 = 10;
/// How long an instance may take to handle an event before the position of a strongly consistent subscription passes
/// it.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);

/// The terms under which a turn delivers its events.
#[derive(Debug)]
pub(crate) struct Terms {
    /// How often the first of the events was tried before.
    pub(crate) attempt: u32,
    /// The time after which an instance that cannot be delivered to is given up, if deliveries to others succeed.
    pub(crate) give_up_after: Duration,
    /// How long an instance may take to settle before the position passes its events anyway.
    pub(crate) settle_within: Duration,
    /// The logs that this one continues.
    pub(crate) continues: Vec<Continued>,
    /// The events are redelivered: an instance takes them even below what it has accepted.
    pub(crate) redeliver: Option<Redeliver>,
    /// The instances that cannot be delivered to, the longest affected first.
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
    /// Returns whether an event that was tried this often may be tried again at once.
    pub(crate) fn retries(&self, attempts: u32) -> bool {
        self.redeliver.is_none() || attempts < ATTEMPTS_OF_REDELIVERY
    }
}

/// Entries of the log that are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    /// How many.
    pub(crate) entries: usize,
    /// The position of the last one.
    pub(crate) at: FeedPosition,
    /// When it was recorded.
    pub(crate) time: Option<DateTime<Utc>>,
}

/// The reason why a handler does not go on. It concerns the event after those that were passed.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// The event is retried after this time, which survives restarts; it was tried this many times.
    RetryAfter(Duration, u32),
    /// An operator has to decide: the subscription stops.
    Stop(String),
}

/// Handles the events of one log. It may see events again after a crash, so its effects must bear repetition. It may be
/// dropped at any await, as if the program died there.
pub(crate) trait EventHandler: Send + Sync {
    /// Begins to deliver.
    fn begin(&self, terms: Terms) -> Box<dyn Delivering + Send + '_>;

    /// Reconciles state that no event announces. It runs beside the deliveries, at regular intervals, even while the
    /// log cannot be read or an event is retried.
    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(async { Ok(()) })
    }
}

/// The deliveries of a turn.
pub(crate) trait Delivering {
    /// Takes entries of the log; they follow those that were taken before.
    fn take(&mut self, entries: Vec<FeedEvent>);

    /// Returns whether it takes more.
    fn has_room(&self) -> bool;

    /// Returns whether everything that it has taken was passed.
    fn is_empty(&self) -> bool;

    /// Delivers, and returns when entries were passed, or when it cannot go on. It may be dropped at any await, and
    /// called again.
    fn advance(&mut self) -> BoxFuture<'_, Result<Passed, Interrupted>>;

    /// Returns the events that could not be redelivered.
    fn left_out(&mut self) -> Vec<LeftOut> {
        Vec::new()
    }
}

/// Maximum length of a reason, in characters: a thousand reasons are handed over to the next run.
const LONGEST_REASON: usize = 200;

/// Returns the record of one event that was left out.
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
