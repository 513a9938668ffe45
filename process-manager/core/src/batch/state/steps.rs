//! The next step of a batch.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{BatchState, Cancel, Phase};
use crate::batch::{Chunk, FAILURE_BYTES, FAILURES_OF_PAGE, FailedItem, Items, Pause, PausedBy, Place};

/// Failed items that are sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Retried {
    /// The number of their page; absent if they are in the state.
    pub(super) page: Option<u32>,
    items: Vec<FailedItem>,
    count: u64,
    pub(super) answered: BTreeSet<String>,
}

impl Retried {
    fn of_page(page: u32, count: u64) -> Self {
        Self { page: Some(page), items: Vec::new(), count, answered: BTreeSet::new() }
    }

    fn of(items: Vec<FailedItem>) -> Self {
        Self { page: None, count: items.len() as u64, items, answered: BTreeSet::new() }
    }

    pub(super) fn left(&self) -> u64 {
        self.count.saturating_sub(self.answered.len() as u64)
    }
}

impl BatchState {
    /// Applies what signals have asked for, and what follows from the counts.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        if let Some(Cancel { undoes }) = self.cancels.take() {
            self.cancel_now(undoes);
        }
        if self.retries {
            self.retry_now();
        }
        if self.retries {
            // A page has to be kept first.
            return;
        }
        let is_open = matches!(self.phase, Phase::Sending | Phase::Undoing);
        if !is_open || self.pause.is_some() {
            return;
        }
        if self.is_exceeded() {
            let detail = format!("{} items have failed; tolerated: {}", self.fresh_failures(), self.limits.tolerated);
            self.pause = Some(Pause { by: PausedBy::Failures, detail, since: now });
            self.updated_at = now;
        } else if self.is_end && self.retried.is_empty() {
            self.is_undone = self.phase == Phase::Undoing;
            self.end(if self.is_undone { Phase::Cancelled } else { Phase::Completed });
        }
    }

    /// Queues the failed items; at most one page of them stays in the state.
    fn retry_now(&mut self) {
        let (at_hand, queued): (Vec<_>, Vec<_>) = self.retried.drain(..).partition(|retried| retried.page.is_none());
        self.retried = queued.into();
        let left = at_hand.into_iter().flat_map(|Retried { items, answered, .. }| {
            items.into_iter().filter(move |item| !answered.contains(&item.id))
        });
        self.failed.extend(left);
        if self.full_page().is_some() {
            return;
        }
        self.retries = false;
        self.retried.extend(self.kept.drain(..).map(|(page, count)| Retried::of_page(page, count)));
        let items = std::mem::take(&mut self.failed);
        self.retried.extend((!items.is_empty()).then(|| Retried::of(items)));
    }

    fn cancel_now(&mut self, undoes: bool) {
        self.given_up += self.fresh_failures() + self.being_retried();
        self.failed.clear();
        self.released.extend(self.kept.drain(..).map(|(page, _)| page));
        self.released.extend(self.retried.drain(..).filter_map(|retried| retried.page));
        self.retries = false;
        if !undoes || self.begun.is_none() && !self.is_lost {
            self.is_undone = undoes;
            return self.end(Phase::Cancelled);
        }
        self.phase = Phase::Undoing;
        self.place = Place::default();
        self.is_end = false;
    }

    /// Failed items stay readable for as long as the server keeps ended workflows.
    fn end(&mut self, phase: Phase) {
        self.phase = phase;
        self.pause = None;
        self.released.extend(self.kept.iter().map(|(page, _)| *page));
    }

    pub(super) fn chunk(&self) -> Chunk {
        let items = match self.retried.front() {
            Some(Retried { page: Some(page), answered, .. }) => {
                Items::Kept { workflow_id: self.progress().id_of_page(*page), answered: answered.clone() }
            }
            Some(retried) => Items::Failed { items: retried.items.clone(), answered: retried.answered.clone() },
            None => Items::Source {
                place: self.place.clone(),
                last: self.begun.clone().filter(|_| self.phase == Phase::Undoing && !self.is_lost),
            },
        };
        let (fresh, answered) = (self.fresh_failures(), self.answered());
        Chunk {
            name: self.start.name.clone(),
            id: self.start.id.clone(),
            input: self.start.input.clone(),
            items,
            undoes: self.phase == Phase::Undoing,
            limits: self.limits,
            may_fail: self.limits.tolerated.left(fresh, answered, self.total, self.is_end).unwrap_or(u64::MAX),
            correlation_id: self.start.correlation_id.clone().unwrap_or_else(|| self.start.workflow_id()),
        }
    }

    /// Returns the first failed items that fill a page. A single last item may be left over.
    pub(super) fn full_page(&self) -> Option<Vec<FailedItem>> {
        let mut bytes = 0;
        let fits = |item: &&FailedItem| {
            bytes += serde_json::to_string(item).map_or(0, |text| text.len());
            bytes <= FAILURE_BYTES
        };
        let page = self.failed.iter().take(FAILURES_OF_PAGE).take_while(fits).count().max(1);
        (self.failed.len() > page || page == FAILURES_OF_PAGE).then(|| self.failed.iter().take(page).cloned().collect())
    }
}
