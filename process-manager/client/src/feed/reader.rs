//! A reader with a position in one log. It notices when that log is replaced or has lost its end.

use std::{fmt, time::Duration};

use process_manager_wire::FeedPosition;

use super::{EventSource, FeedError, FeedEvent, MAX_LIMIT, SharedSource};

/// Reads a log from a position on.
///
/// At its start, after an error and after an empty answer, it asks for the event at its own position. Only that event
/// shows whether the log was replaced or lost its end. In between, each answer follows the previous one.
///
/// After a failed read it asks for half as many events, and after each successful one for twice as many, up to the
/// caller's limit. So an answer that is too large to come in time comes in parts.
pub struct FeedReader {
    source: SharedSource,
    at: FeedPosition,
    verified: bool,
    most: u16,
}

impl FeedReader {
    /// Creates a reader that begins after `at`.
    #[must_use]
    pub fn new(source: impl EventSource, at: FeedPosition) -> Self {
        Self { source: SharedSource::new(source), at, verified: false, most: MAX_LIMIT }
    }

    /// Returns its position.
    #[must_use]
    pub fn at(&self) -> &FeedPosition {
        &self.at
    }

    /// Advances to `at`, once the events up to there have been handled.
    pub fn advance_to(&mut self, at: FeedPosition) {
        self.at = at;
    }

    /// Reads the next events, as [`EventSource::read`] returns them. The reader does not advance: see
    /// [`FeedReader::advance_to`].
    ///
    /// # Errors
    /// [`FeedError`]; a final one if the log is a different one, is shorter than the position, or may have lost unread
    /// events.
    pub async fn next(&mut self, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        let verified = std::mem::take(&mut self.verified);
        if !verified {
            self.check_anchor().await?;
        }
        let asked = limit.min(self.most);
        // This holds even if this future is dropped before there is an answer.
        self.most = (asked / 2).max(1);
        let events = self.source.read(self.at.position, asked, wait).await?;
        self.most = asked.saturating_mul(2).min(MAX_LIMIT);
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
        let anchor = found.first().ok_or(FeedError::Shorter { position })?;
        self.check_log(anchor)?;
        // The event at the position may have been deleted, or may never have existed. If the next event follows
        // directly, none is missed.
        match anchor.position() {
            next if next <= position.saturating_add(1) => Ok(()),
            next => Err(FeedError::Pruned { position, next }),
        }
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
