//! Where events come from: one trait for every kind of log.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use process_manager_wire::Position;

use super::{FeedError, FeedEvent};

/// A log of events that can be read again and again from any position.
///
/// What a source must keep: the position of an event is above 0 and never changes; a position once readable stays
/// readable; and no lower one becomes readable later, also with many writers. A reader that has handled all events up
/// to a position never looks back.
pub trait EventSource: Send + Sync {
    /// The events with a position greater than `after`, oldest first: at most `limit` (1–1000; others are brought
    /// within), waiting up to `wait` (at most 30 s) for the first. Empty when none came.
    ///
    /// # Errors
    /// The log cannot be read now; never a final error, see [`FeedError::is_final`].
    fn read(&self, after: Position, limit: u16, wait: Duration) -> BoxFuture<'_, Result<Vec<FeedEvent>, FeedError>>;

    /// Position of the last event that is there now; 0 when there is none.
    ///
    /// # Errors
    /// The log cannot be read now.
    fn head(&self) -> BoxFuture<'_, Result<Position, FeedError>> {
        Box::pin(search_head(self))
    }
}

impl<S: EventSource + ?Sized> EventSource for Arc<S> {
    fn read(&self, after: Position, limit: u16, wait: Duration) -> BoxFuture<'_, Result<Vec<FeedEvent>, FeedError>> {
        (**self).read(after, limit, wait)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, FeedError>> {
        (**self).head()
    }
}

/// Finds the last position by asking whether there is an event after one: doubling first, halving then. It takes some
/// 40 requests for a log of a million events, and needs no route of its own.
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
        fn read(&self, after: Position, limit: u16, _: Duration) -> BoxFuture<'_, Result<Vec<FeedEvent>, FeedError>> {
            let there = self.0.iter().filter(|position| **position > after).take(limit.into());
            let malformed =
                |position: &Position| FeedEvent::Malformed { position: *position, logid: None, reason: String::new() };
            let events = there.map(malformed).collect();
            Box::pin(async { Ok(events) })
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
