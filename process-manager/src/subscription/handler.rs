//! What a subscription does with events: the part that each process manager writes itself.

use std::error::Error;

use futures::future::BoxFuture;
use messages::CloudEvent;

/// A fault of a handler: the same event, or the next sweep, will be tried again.
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

/// Handles the events of one log. It may see an event again after a crash, so what it does must bear repetition; and it
/// may be dropped at any await, as if the program died there.
pub trait EventHandler: Send + Sync {
    /// Handles one event. Until it succeeds, no later event is handled; so only a fault is an error, and an event that
    /// is of no use, or cannot be read, is passed over (and logged) with `Ok`.
    fn handle<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), HandlerError>>;

    /// Looks for what no event tells. It runs beside [`EventHandler::handle`], at regular intervals, also while the log
    /// cannot be read or an event does not get through.
    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>>;
}
