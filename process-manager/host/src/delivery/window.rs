//! The entries of a log that were read but not passed yet.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use process_manager_client::feed::{FeedEvent, FeedPosition};
use process_manager_wire::Position;

use crate::subscription::Passed;

/// Entries in the order of the log. The subscription's position passes an entry once it and all entries before it are
/// done.
#[derive(Debug, Default)]
pub(super) struct Window {
    open: VecDeque<Open>,
    bytes: usize,
    last: FeedPosition,
}

#[derive(Debug)]
struct Open {
    at: FeedPosition,
    time: Option<DateTime<Utc>>,
    /// The number of unfinished deliveries.
    left: usize,
    bytes: usize,
}

impl Window {
    pub(super) fn open(&mut self, entry: &FeedEvent, left: usize, bytes: usize) {
        let time = match entry {
            FeedEvent::Event(event) => Some(event.time),
            FeedEvent::Malformed { .. } => None,
        };
        self.last = entry.passed(&self.last);
        self.bytes += bytes;
        self.open.push_back(Open { at: self.last.clone(), time, left, bytes });
    }

    pub(super) fn done(&mut self, position: Position) {
        if let Ok(index) = self.open.binary_search_by_key(&position, |open| open.at.position) {
            self.open[index].left = self.open[index].left.saturating_sub(1);
        }
    }

    /// Passes the first entries that are done.
    pub(super) fn pass(&mut self) -> Option<Passed> {
        let mut passed: Option<Passed> = None;
        while self.open.front().is_some_and(|open| open.left == 0) {
            let open = self.open.pop_front()?;
            self.bytes -= open.bytes;
            let entries = passed.map_or(0, |passed| passed.entries) + 1;
            passed = Some(Passed { entries, at: open.at, time: open.time });
        }
        passed
    }

    /// Returns the position of the first entry that is not done.
    pub(super) fn first(&self) -> Option<Position> {
        self.open.front().map(|open| open.at.position)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
