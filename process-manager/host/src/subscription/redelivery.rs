//! Delivers events of a log again that an operator asked for.

use std::time::Duration;

use process_manager_client::feed::{EventSource, FeedError, FeedEvent, FeedPosition, SharedSource};
use process_manager_engine::activities::{LeftOut, Redelivered};
use process_manager_wire::Position;

use super::{EventHandler, Interrupted, Terms, left_out};

/// How many events are read before they are delivered.
const AT_ONCE: usize = 50;

/// Delivers these events of the log again. They are before the place `at`, up to which the log has been followed. It
/// may be dropped at any await, and repeated.
pub(super) async fn redeliver(
    source: &SharedSource,
    at: &FeedPosition,
    positions: &[Position],
    handler: &dyn EventHandler,
    terms: Terms,
) -> Result<Redelivered, FeedError> {
    let mut deliveries = handler.begin(terms);
    let mut outcome = Redelivered { events: positions.len(), left_out: Vec::new() };
    for some in positions.chunks(AT_ONCE) {
        let mut entries = Vec::with_capacity(some.len());
        for position in some {
            match read(source, at, *position).await? {
                Ok(entry) => entries.push(entry),
                Err(left_out) => outcome.left_out.push(left_out),
            }
        }
        deliveries.take(entries);
        while !deliveries.is_empty() {
            // Nothing interrupts a redelivery: an event that cannot be delivered is left out.
            if let Err(Interrupted::Stop(why)) = deliveries.advance().await {
                tracing::error!("a redelivery is interrupted: {why}");
                break;
            }
        }
    }
    outcome.left_out.append(&mut deliveries.left_out());
    outcome.left_out.sort_by_key(|left_out| left_out.position);
    let mut missed: Vec<_> = outcome.left_out.iter().map(|left_out| left_out.position).collect();
    missed.dedup();
    outcome.events -= missed.len();
    Ok(outcome)
}

/// Returns the event at the position.
async fn read(
    source: &SharedSource,
    at: &FeedPosition,
    position: Position,
) -> Result<Result<FeedEvent, LeftOut>, FeedError> {
    if position > at.position {
        return Ok(Err(left_out(position, "the subscription has not come to it yet")));
    }
    let found = source.read(position - 1, 1, Duration::ZERO).await?.into_iter().next();
    Ok(match found.filter(|entry| entry.position() == position) {
        None => Err(left_out(position, "the log holds no event there")),
        Some(entry) => match (&at.logid, entry.logid()) {
            (Some(followed), Some(found)) if followed != found => Err(left_out(position, "the log is another one")),
            _ => Ok(entry),
        },
    })
}
