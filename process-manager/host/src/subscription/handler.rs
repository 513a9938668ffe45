//! The handler of a subscription's events.

use std::{error::Error, time::Duration};

use futures::future::BoxFuture;
use process_manager_wire::CloudEvent;

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

/// How far a handler came with the events that it was given.
#[derive(Debug)]
pub(crate) struct Handled {
    /// Events, from the first on, that are done with.
    pub(crate) count: usize,
    /// Why there are not more of them.
    pub(crate) interrupted: Option<Interrupted>,
}

impl Handled {
    /// All of them.
    #[must_use]
    pub(crate) fn all(events: &[CloudEvent]) -> Self {
        Self { count: events.len(), interrupted: None }
    }
}

/// Why a handler did not handle all events. It is about the event behind those that it has handled.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// It is retried after this time, which survives restarts.
    RetryAfter(Duration),
    /// An operator has to decide: the subscription stops.
    Stop(String),
}

/// Handles the events of one log. It may see events again after a crash, so what it does must bear repetition; and it
/// may be dropped at any await, as if the program died there.
pub(crate) trait EventHandler: Send + Sync {
    /// Handles events, which come in the order of their log. The first of them has been tried `attempt` times before.
    /// An event that is invalid or cannot be read is logged and skipped.
    fn handle<'a>(&'a self, events: &'a [CloudEvent], attempt: u32) -> BoxFuture<'a, Handled>;

    /// Reconciles state that no event announces. It runs beside [`EventHandler::handle`], at regular intervals, also
    /// while the log cannot be read or an event is retried.
    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(async { Ok(()) })
    }
}
