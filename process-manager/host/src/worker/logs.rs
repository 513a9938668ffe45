//! The activity that reads events again, for instances that know only their positions.

#![expect(
    dead_code,
    unreachable_pub,
    reason = "the macro makes public items of the methods, one of which nobody calls"
)]

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use process_manager_engine::activities::{EventsToFetch, FetchEvents, UNREADABLE};
use process_manager_wire::{CloudEvent, Position, error_chain};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use process_manager_client::feed::{EventSource, FeedError, FeedEvent, SharedSource};

/// An answer ends with the event that brings its data to this many bytes.
const ENOUGH_BYTES: usize = 256 * 1024;
/// An answer ends when it has taken this long.
const ENOUGH_TIME: Duration = Duration::from_secs(5);
/// Maximum number of log entries that are read at once.
const WINDOW: u16 = 500;

/// The logs of a worker's process managers, by name. Register it with the worker's activities.
#[derive(Default)]
pub struct Logs(HashMap<&'static str, Vec<SharedSource>>);

impl Logs {
    pub(super) fn add(&mut self, manager: &'static str, source: SharedSource) {
        self.0.entry(manager).or_default().push(source);
    }
}

#[activities]
impl Logs {
    /// Reads events of a process manager again: the first of the requested ones, at least one.
    #[activity(definition = FetchEvents)]
    pub async fn fetch_events(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: EventsToFetch,
    ) -> Result<Vec<CloudEvent>, ActivityError> {
        let fault = |why| ActivityError::application(ApplicationFailure::new(why));
        let Some(sources) = self.0.get(input.manager.as_str()) else {
            return Err(fault(format!("this worker has no log of {}", input.manager)));
        };
        let most = window_of_attempt(ctx.info().attempt);
        let mut away = None;
        for source in sources {
            match fetch(source, &input.log, &input.positions, most).await {
                Ok(events) if !events.is_empty() => return Ok(events),
                Ok(_) => (),
                Err(error) => away = Some(error),
            }
        }
        // The log that cannot be read now may be the one.
        if let Some(error) = away {
            return Err(fault(error_chain(&error)));
        }
        let position = input.positions.first().copied().unwrap_or_default();
        let why = format!("position {position} of log {} is not there any more", input.log);
        let failure = ApplicationFailure::builder(why).type_name(UNREADABLE.to_owned()).non_retryable(true);
        Err(ActivityError::application(failure.build()))
    }
}

/// Reads the first of these events, up to a missing one.
async fn fetch(
    source: &impl EventSource,
    log: &str,
    positions: &[Position],
    most: u16,
) -> Result<Vec<CloudEvent>, FeedError> {
    let begun = Instant::now();
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(next) = positions.get(events.len()).copied() {
        let entries = source.read(next - 1, window(&positions[events.len()..], most), Duration::ZERO).await?;
        let before = events.len();
        for entry in entries {
            let FeedEvent::Event(event) = entry else { continue };
            if event.logid == log && positions.get(events.len()) == Some(&event.sequence) && bytes < ENOUGH_BYTES {
                bytes += event.data.to_string().len();
                events.push(*event);
            }
        }
        if events.len() == before || bytes >= ENOUGH_BYTES || begun.elapsed() >= ENOUGH_TIME {
            break;
        }
    }
    Ok(events)
}

/// Returns how many entries an attempt reads at once: fewer each time, because an answer may be too large to come in
/// time.
fn window_of_attempt(attempt: u32) -> u16 {
    (WINDOW >> attempt.saturating_sub(1).min(15)).max(1)
}

/// Returns how many entries of the log, at most `most`, cover the next of these positions and those near it.
fn window(positions: &[Position], most: u16) -> u16 {
    let Some(first) = positions.first() else { return 1 };
    let near = positions.iter().map(|position| position - first).take_while(|distance| *distance < most.into());
    near.last().and_then(|distance| u16::try_from(distance + 1).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use process_manager_client::feed::MemoryLog;

    fn log(events: usize, data: usize) -> (MemoryLog, String) {
        let log = MemoryLog::default();
        let mut id = String::new();
        for _ in 0..events {
            id = log.append(&json!({"type": "T", "data": "x".repeat(data)})).logid;
        }
        (log, id)
    }

    async fn positions(log: &MemoryLog, id: &str, positions: &[Position]) -> Vec<Position> {
        fetch(log, id, positions, WINDOW).await.unwrap().iter().map(|event| event.sequence).collect()
    }

    #[tokio::test]
    async fn those_that_are_asked_for_are_read_near_and_far() {
        let (log, id) = log(3_000, 0);
        let asked = [1, 2, 4, 499, 500, 501, 502, 1_500, 2_999, 3_000];
        assert_eq!(positions(&log, &id, &asked).await, asked);
    }

    #[tokio::test]
    async fn an_answer_ends_before_one_that_is_not_there() {
        let (log, id) = log(10, 0);
        assert_eq!(positions(&log, &id, &[9, 10, 11, 12]).await, [9, 10]);
        assert!(positions(&log, &id, &[11]).await.is_empty());
        assert!(positions(&log, "another log", &[1, 2]).await.is_empty());
    }

    #[tokio::test]
    async fn an_answer_ends_with_the_event_that_makes_it_long_enough() {
        let (log, id) = log(10, ENOUGH_BYTES / 2);
        let all: Vec<_> = (1..=10).collect();
        assert_eq!(positions(&log, &id, &all).await, [1, 2]);
    }

    #[test]
    fn each_attempt_reads_less_at_once() {
        assert_eq!([1, 2, 3, 9, 10, 1_000].map(window_of_attempt), [500, 250, 125, 1, 1, 1]);
        assert_eq!(window(&[1, 2, 4, 499], 500), 499);
        assert_eq!(window(&[1, 2, 4, 499], 3), 2);
    }

    #[tokio::test]
    async fn a_log_that_is_away_is_an_error() {
        let (log, id) = log(10, 0);
        log.set_away(true);
        assert!(fetch(&log, &id, &[1], WINDOW).await.is_err());
    }
}
