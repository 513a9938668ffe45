//! Where events come from: one trait for every kind of log.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use process_manager_wire::Position;

use super::{FeedError, FeedEvent};

/// A log of events that can be read again and again from any position.
///
/// A source keeps three promises. The position of an event is above 0 and never changes. A position that was once
/// readable stays readable. No lower position becomes readable later, even with many writers. A reader that has handled
/// all events up to a position never looks back.
pub trait EventSource: Send + Sync + 'static {
    /// Returns the events with a position greater than `after`, oldest first: at most `limit` (1–1000; other values are
    /// clamped). It waits up to `wait` (at most 30 s) for the first. The result is empty if none came.
    ///
    /// # Errors
    /// [`FeedError`] if the log cannot be read now; never a final one, see [`FeedError::is_final`].
    fn read(
        &self,
        after: Position,
        limit: u16,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<FeedEvent>, FeedError>> + Send;

    /// Returns the position of the last event in the log now; 0 if there is none.
    ///
    /// # Errors
    /// [`FeedError`] if the log cannot be read now.
    fn head(&self) -> impl Future<Output = Result<Position, FeedError>> + Send {
        search_head(self)
    }
}

/// Any event source. Clones share one source.
#[derive(Clone)]
pub struct SharedSource(Arc<dyn Boxed>);

trait Boxed: Send + Sync {
    fn read_boxed(
        &self,
        after: Position,
        limit: u16,
        wait: Duration,
    ) -> BoxFuture<'_, Result<Vec<FeedEvent>, FeedError>>;
    fn head_boxed(&self) -> BoxFuture<'_, Result<Position, FeedError>>;
}

impl<S: EventSource> Boxed for S {
    fn read_boxed(
        &self,
        after: Position,
        limit: u16,
        wait: Duration,
    ) -> BoxFuture<'_, Result<Vec<FeedEvent>, FeedError>> {
        Box::pin(self.read(after, limit, wait))
    }

    fn head_boxed(&self) -> BoxFuture<'_, Result<Position, FeedError>> {
        Box::pin(self.head())
    }
}

impl SharedSource {
    /// Shares a source.
    #[must_use]
    pub fn new(source: impl EventSource) -> Self {
        Self(Arc::new(source))
    }
}

impl std::fmt::Debug for SharedSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSource")
    }
}

impl EventSource for SharedSource {
    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        self.0.read_boxed(after, limit, wait).await
    }

    async fn head(&self) -> Result<Position, FeedError> {
        self.0.head_boxed().await
    }
}

/// Finds the last position by asking whether there is an event after a given one. It first doubles the position, then
/// bisects. It takes about 40 requests for a log of a million events, and needs no route of its own.
async fn search_head<S: EventSource + ?Sized>(source: &S) -> Result<Position, FeedError> {
    let next = async |after: Position| {
        let events = source.read(after, 1, Duration::ZERO).await?;
        Ok::<_, FeedError>(events.first().map(FeedEvent::position))
    };
    let Some(mut low) = next(0).await? else { return Ok(0) };
    let mut step: Position = 1;
    let mut high = loop {
        match next(low.saturating_add(step)).await? {
            Some(found) => low = found,
            None => break low.saturating_add(step),
        }
        step = step.saturating_mul(2);
    };
    while low < high {
        let middle = low + (high - low) / 2;
        match next(middle).await? {
            Some(found) => low = found,
            None => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds an event at each of these positions.
    struct At(Vec<Position>);

    impl EventSource for At {
        async fn read(&self, after: Position, limit: u16, _: Duration) -> Result<Vec<FeedEvent>, FeedError> {
            let there = self.0.iter().filter(|position| **position > after).take(limit.into());
            let malformed = |position: &Position| FeedEvent::Malformed {
                position: *position,
                logid: None,
                kind: None,
                reason: String::new(),
            };
            Ok(there.map(malformed).collect())
        }
    }

    #[tokio::test]
    async fn the_last_position_is_found_in_any_log() {
        assert_eq!(At(vec![]).head().await.unwrap(), 0);
        for last in [1, 2, 3, 7, 8, 9, 100, 1023, 1024, 12_345] {
            assert_eq!(At((1..=last).collect()).head().await.unwrap(), last);
        }
        assert_eq!(At(vec![5, 9, 70]).head().await.unwrap(), 70);
        assert_eq!(At(vec![1 << 40]).head().await.unwrap(), 1 << 40);
    }
}
