//! The entries of a log that were read but not routed yet, with their sizes.

use std::{collections::VecDeque, io};

use process_manager_client::feed::FeedEvent;

/// Entries in the order of the log.
#[derive(Debug, Default)]
pub(super) struct Unrouted {
    entries: VecDeque<(FeedEvent, usize)>,
    bytes: usize,
}

impl Unrouted {
    pub(super) fn extend(&mut self, entries: Vec<FeedEvent>) {
        for entry in entries {
            let bytes = bytes_of(&entry);
            self.bytes += bytes;
            self.entries.push_back((entry, bytes));
        }
    }

    /// Takes the next entry, with its size.
    pub(super) fn pop(&mut self) -> Option<(FeedEvent, usize)> {
        let (entry, bytes) = self.entries.pop_front()?;
        self.bytes -= bytes;
        Some((entry, bytes))
    }

    /// Puts back the entry that was taken last.
    pub(super) fn put_back(&mut self, entry: FeedEvent, bytes: usize) {
        self.bytes += bytes;
        self.entries.push_front((entry, bytes));
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Returns the bytes that an event takes in a delivery, envelope included.
pub(super) fn bytes_of(entry: &FeedEvent) -> usize {
    const ROUTE: usize = 64;
    match entry {
        FeedEvent::Event(event) => {
            let mut counted = Counted(0);
            // The event was read from JSON, so it can be written as JSON.
            serde_json::to_writer(&mut counted, event).map_or(0, |()| counted.0 + ROUTE)
        }
        FeedEvent::Malformed { reason, .. } => reason.len(),
    }
}

/// Counts what is written.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0 += written.len();
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
