//! A reader with a position in one log, which notices when that log is replaced or has lost its end.

use std::{fmt, time::Duration};

use process_manager_wire::FeedPosition;

use super::{EventSource, FeedError, FeedEvent, SharedSource};

/// Reads a log from a position on.
///
/// At its start, after an error and after an empty answer it asks for the event at its own position: only there it is
/// seen that the log was replaced or lost its end. In between, each answer follows on the one before.
pub struct FeedReader {
    source: SharedSource,
    at: FeedPosition,
    verified: bool,
}

impl FeedReader {
    /// Creates a reader that begins after `at`.
    #[must_use]
    pub fn new(source: impl EventSource, at: FeedPosition) -> Self {
        Self { source: SharedSource::new(source), at, verified: false }
    }

    /// Returns its position.
    #[must_use]
    pub fn at(&self) -> &FeedPosition {
        &self.at
    }

    /// Advances, once the events up to `at` have been handled.
    pub fn advance_to(&mut self, at: FeedPosition) {
        self.at = at;
    }

    /// Reads the next events, as [`EventSource::read`] returns them. The reader stays where it is: see [`FeedReader::advance_to`].
    ///
    /// # Errors
    /// [`FeedError`]; a final one when the log is another one or shorter than the position.
    pub async fn next(&mut self, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        let verified = std::mem::take(&mut self.verified);
        if !verified {
            self.check_anchor().await?;
        }
        let events = self.source.read(self.at.position, limit, wait).await?;
        for event in &events {
            self.check_log(event)?;
        }
        self.verified = !events.is_empty();
        Ok(events)
    }

    async fn check_anchor(&self) -> Result<(), FeedError> {
        let position = self.at.position;
        if position == 0 {
            return Ok(());
        }
        let found = self.source.read(position - 1, 1, Duration::ZERO).await?;
        let anchor = found.first().filter(|event| event.position() == position);
        let anchor = anchor.ok_or(FeedError::Shorter { position })?;
        self.check_log(anchor)
    }

    fn check_log(&self, event: &FeedEvent) -> Result<(), FeedError> {
        match (&self.at.logid, event.logid()) {
            (Some(expected), Some(found)) if expected != found => {
                Err(FeedError::OtherLog { expected: expected.clone(), found: found.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for FeedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedReader").field("at", &self.at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
