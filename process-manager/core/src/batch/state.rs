//! A batch, separate from Temporal: a state machine that takes the results of chunks and the signals of operators, and
//! returns the next step.

mod signals;
mod steps;
mod view;

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde::{Deserialize, Serialize};

pub use self::signals::Ignored;
use self::steps::Retried;
pub(crate) use self::view::is_batch_log;
use super::{Advance, Chunk, FailedItem, Limits, PageAt, Pause, PausedBy, Place, StartBatch, Status};
use crate::limits::cut;

/// The next step of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Run this chunk, then call [`BatchState::advanced`] or [`BatchState::broken`].
    Run(Box<Chunk>),
    /// Keep this page of failed items in a workflow of its own, then call [`BatchState::kept`].
    Keep {
        /// Its number.
        page: u32,
        /// The items.
        items: Vec<FailedItem>,
    },
    /// Release a page of failed items, then call [`BatchState::released`].
    Release(u32),
    /// Tell the process manager's instance, then call [`BatchState::told`].
    Tell {
        /// The event.
        event: Box<CloudEvent>,
        /// The status that the event reports.
        status: Status,
    },
    /// Wait for a signal.
    Wait,
    /// The batch has ended.
    End,
}

/// A batch: the state that one run hands over to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchState {
    start: StartBatch,
    limits: Limits,
    started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    phase: Phase,
    place: Place,
    /// Whether the source has no more items.
    is_end: bool,
    /// The last page of the source that was begun.
    begun: Option<PageAt>,
    /// Whether more pages may have been begun, because a worker died.
    #[serde(default)]
    is_lost: bool,
    total: Option<u64>,
    accepted: u64,
    settled: u64,
    undone: u64,
    #[serde(default)]
    is_undone: bool,
    /// Number of failed items that a cancellation gave up.
    given_up: u64,
    /// Failed items; fewer than a page once [`Step::Keep`] is done.
    failed: Vec<FailedItem>,
    /// The pages of failed items that are kept elsewhere, each with its number of items.
    kept: Vec<(u32, u64)>,
    next_page: u32,
    /// The failed items that are being retried, in order.
    retried: VecDeque<Retried>,
    /// Pages that are no longer needed.
    released: VecDeque<u32>,
    pause: Option<Pause>,
    fault: Option<String>,
    items_per_second: Option<f64>,
    chunk_since: Option<DateTime<Utc>>,
    /// Whether the running chunk has to end, because its limits or its purpose have changed.
    #[serde(skip)]
    is_interrupted: bool,
    cancels: Option<Cancel>,
    retries: bool,
    told: u64,
    told_at: Option<DateTime<Utc>>,
    told_status: Option<Status>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    Sending,
    Undoing,
    Completed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cancel {
    undoes: bool,
}

impl BatchState {
    /// Creates a batch that has sent nothing yet.
    #[must_use]
    pub fn new(start: StartBatch, now: DateTime<Utc>) -> Self {
        let limits = start.limits;
        Self {
            start,
            limits,
            started_at: now,
            updated_at: now,
            phase: Phase::Sending,
            place: Place::default(),
            is_end: false,
            begun: None,
            is_lost: false,
            total: None,
            accepted: 0,
            settled: 0,
            undone: 0,
            is_undone: false,
            given_up: 0,
            failed: Vec::new(),
            kept: Vec::new(),
            next_page: 1,
            retried: VecDeque::new(),
            released: VecDeque::new(),
            pause: None,
            fault: None,
            items_per_second: None,
            chunk_since: None,
            is_interrupted: false,
            cancels: None,
            retries: false,
            told: 0,
            told_at: None,
            told_status: None,
        }
    }

    /// Returns the next step. It stays the same until that step is reported or a signal changes it.
    pub fn next(&mut self, now: DateTime<Utc>) -> Step {
        self.settle(now);
        if let Some(items) = self.full_page() {
            return Step::Keep { page: self.next_page, items };
        }
        if let Some(page) = self.released.front() {
            return Step::Release(*page);
        }
        if let Some(event) = self.event(now) {
            return Step::Tell { event: Box::new(event), status: self.status() };
        }
        match self.status() {
            Status::Completed | Status::Cancelled => Step::End,
            Status::Paused => Step::Wait,
            Status::Running | Status::Retrying | Status::Cancelling => {
                self.is_interrupted = false;
                self.chunk_since = Some(now);
                Step::Run(Box::new(self.chunk()))
            }
        }
    }

    /// Records the result of a chunk.
    pub fn advanced(&mut self, advance: Advance, now: DateTime<Utc>) {
        let answered = advance.answered();
        self.measure(answered, now);
        if advance.is_repeated {
            self.begun_unseen();
        }
        if self.phase == Phase::Undoing {
            self.undone += advance.accepted + advance.settled;
        } else {
            self.accepted += advance.accepted;
            self.settled += advance.settled;
        }
        self.failed.extend(advance.failed);
        self.fault = advance.fault;
        self.updated_at = now;
        if let Some(why) = advance.unusable {
            self.broken(why, now);
        }
        if let Some(retried) = self.retried.front_mut() {
            retried.answered.extend(advance.place.answered);
            if advance.is_end {
                let page = self.retried.pop_front().and_then(|retried| retried.page);
                self.released.extend(page);
            }
            return;
        }
        self.total = advance.total.or(self.total);
        // While the batch undoes, the last page is the one that was begun earlier.
        if self.phase == Phase::Sending {
            self.begun = advance.begun.or(self.begun.take());
        }
        self.place = advance.place;
        self.is_end = advance.is_end;
        if self.is_end && self.phase == Phase::Sending {
            self.total = Some(self.answered());
        }
    }

    /// Records that a chunk's result is unknown: the next chunk goes on where this one began. Its pages count as begun.
    pub fn lost(&mut self) {
        self.chunk_since = None;
        self.begun_unseen();
    }

    fn begun_unseen(&mut self) {
        self.is_lost |= self.retried.is_empty() && self.phase == Phase::Sending;
    }

    /// Records that no chunk can run: the batch is paused.
    pub fn broken(&mut self, why: String, now: DateTime<Utc>) {
        self.updated_at = now;
        if self.cancels.is_none() {
            self.pause = Some(Pause { by: PausedBy::Source, detail: cut(why), since: now });
        }
    }

    /// Records that the run was ended from outside. The result of the current chunk is unknown, and an operator
    /// decides.
    pub fn ended_from_outside(&mut self, how: String, now: DateTime<Utc>) {
        self.lost();
        self.updated_at = now;
        let is_open = matches!(self.phase, Phase::Sending | Phase::Undoing);
        self.pause = is_open.then(|| Pause { by: PausedBy::Ended, detail: cut(how), since: now });
    }

    /// Returns whether nothing is left to do: the batch has ended, and its starter has been told.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.status().is_end() && self.released.is_empty() && self.event(self.updated_at).is_none()
    }

    /// Records that a page of failed items is kept elsewhere.
    pub fn kept(&mut self, page: u32, items: usize) {
        self.failed.drain(..items.min(self.failed.len()));
        self.kept.push((page, items as u64));
        self.next_page = page + 1;
    }

    /// Records that a page of failed items was released.
    pub fn released(&mut self) {
        self.released.pop_front();
    }

    /// Records that the process manager's instance was told this status.
    pub fn told(&mut self, status: Status, now: DateTime<Utc>) {
        self.told += 1;
        self.told_at = Some(now);
        self.told_status = Some(status);
    }

    /// Returns whether the running chunk has to end early.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.is_interrupted
    }

    /// Returns the failed items that are not kept elsewhere.
    #[must_use]
    pub fn failed(&self) -> &[FailedItem] {
        &self.failed
    }

    /// Returns the command that started the batch.
    #[must_use]
    pub fn start(&self) -> &StartBatch {
        &self.start
    }

    fn is_exceeded(&self) -> bool {
        let (fresh, answered) = (self.fresh_failures(), self.answered());
        self.limits.tolerated.is_exceeded(fresh, answered, self.total, self.is_end)
    }

    /// Returns how many items have failed and are not being retried.
    fn fresh_failures(&self) -> u64 {
        self.failed.len() as u64 + self.kept.iter().map(|(_, count)| count).sum::<u64>()
    }

    fn being_retried(&self) -> u64 {
        self.retried.iter().map(Retried::left).sum()
    }

    fn answered(&self) -> u64 {
        self.accepted + self.settled + self.given_up + self.fresh_failures() + self.being_retried()
    }
}

#[cfg(test)]
mod tests;
