//! The sweep: finds open processes without a run that no event announces.
//!
//! Its cost depends on how much changes, not on how many processes wait. Each sweep
//! 1. checks again the processes that another run was in the way of, and those that the api was to start;
//! 2. asks Temporal which runs have been ended from outside since the last sweep, and asks Billing about each of them;
//! 3. compares one page of Billing's open processes with the runs; the next sweep compares the next page.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use messages::{DocumentId, Page, ProcessId, billing::Document};
use process_manager_host::{operator::ENDED_FROM_OUTSIDE, subscription::HandlerError};

use super::VoidingStarter;

/// Maximum number of concurrent starts.
const CONCURRENCY: usize = 8;
/// Number of open processes that one sweep compares with the runs.
pub(super) const PAGE: usize = 100;
/// The api has 3 s for a start, and the visibility store lags by up to a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// Maximum number of processes that are left to the api at a time.
const MOST_LEFT: usize = 10_000;
/// A run may show up in the visibility store some time after it has ended.
const OVERLAP: TimeDelta = TimeDelta::minutes(1);

/// State that is kept from one sweep to the next. A worker that takes over starts without it, which is harmless.
#[derive(Debug)]
pub(super) struct Sweep {
    patience: Duration,
    /// Processes that the api was about to start, and when.
    left: Mutex<Vec<(Instant, DocumentId, ProcessId)>>,
    /// Documents whose process another run was in the way of. Without a process, it is whichever is open.
    again: Mutex<BTreeMap<DocumentId, Option<ProcessId>>>,
    /// One entry for each status: runs with one status end while those with another are started again.
    ended: tokio::sync::Mutex<[(&'static str, Ended); 3]>,
    /// Cursor of the next page of the comparison; `None` is the first.
    cursor: Mutex<Option<String>>,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            left: Mutex::default(),
            again: Mutex::default(),
            ended: tokio::sync::Mutex::new(ENDED_FROM_OUTSIDE.map(|status| (status, Ended::default()))),
            cursor: Mutex::default(),
        }
    }
}

/// The runs that were ended from outside with one status, as far as they have been listed.
#[derive(Debug, Default)]
struct Ended {
    /// The last closing time seen.
    until: Option<DateTime<Utc>>,
    /// Runs within the overlap that have been dealt with.
    done: HashMap<String, DateTime<Utc>>,
}

impl Sweep {
    /// Leaves the start of a process to the api; a later sweep checks that it has a run. Returns `false` if too many
    /// are left.
    pub(super) fn look_later(&self, document_id: &DocumentId, process_id: &ProcessId) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = left.len() < MOST_LEFT;
        if has_room {
            left.push((Instant::now(), document_id.clone(), process_id.clone()));
        }
        has_room
    }

    /// Takes the processes whose time for a start by the api is over.
    fn take_due(&self) -> Vec<(Instant, DocumentId, ProcessId)> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.extract_if(.., |(since, ..)| since.elapsed() >= self.patience).collect()
    }

    /// Records whether the next sweep checks the process again.
    pub(super) fn look_again(&self, document_id: &DocumentId, process_id: Option<&ProcessId>, look_again: bool) {
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        if look_again {
            again.insert(document_id.clone(), process_id.cloned());
        } else if again.get(document_id).is_some_and(|known| known.as_ref() == process_id) {
            again.remove(document_id);
        }
    }
}

impl VoidingStarter {
    /// Does all parts, even if some fail. Returns the last error.
    pub(super) async fn sweep_all(&self) -> Result<(), HandlerError> {
        let again = self.sweep.again.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let again = self.ensure_runs(again.into_iter()).await;
        let left = self.sweep_left().await;
        let ended = self.sweep_ended().await;
        let compared = self.compare_page().await;
        compared.and(ended).and(left).and(again)
    }

    /// Starts the processes that the api was to start but has not.
    async fn sweep_left(&self) -> Result<(), HandlerError> {
        let due = self.sweep.take_due();
        let outcome = self.ensure_begun(&due).await;
        if outcome.is_err() {
            self.sweep.left.lock().unwrap_or_else(PoisonError::into_inner).extend(due);
        }
        outcome
    }

    async fn ensure_begun(&self, due: &[(Instant, DocumentId, ProcessId)]) -> Result<(), HandlerError> {
        for page in due.chunks(PAGE) {
            let page = page.iter().map(|(_, document_id, process_id)| (document_id.clone(), process_id.clone()));
            let never_begun = self.voidings.never_begun(page.collect()).await;
            let never_begun =
                never_begun.map_err(|error| HandlerError::new("the runs cannot be listed".to_owned(), error))?;
            self.ensure_runs(never_begun.into_iter().map(|(document_id, process_id)| (document_id, Some(process_id))))
                .await?;
        }
        Ok(())
    }

    /// Restarts the processes whose run was terminated or cancelled, or has timed out.
    async fn sweep_ended(&self) -> Result<(), HandlerError> {
        let mut outcome = Ok(());
        for (status, ended) in &mut *self.sweep.ended.lock().await {
            outcome = self.sweep_ended_with(status, ended).await.and(outcome);
        }
        outcome
    }

    async fn sweep_ended_with(&self, status: &str, ended: &mut Ended) -> Result<(), HandlerError> {
        let since = ended.until.map(|until| until - OVERLAP);
        let (mut until, mut open, mut outcome) = (ended.until, None, Ok(()));
        let mut from = Vec::new();
        loop {
            let listed = self.voidings.ended_with(status, since, from).await;
            let listed = listed.map_err(|error| HandlerError::new("ended runs cannot be listed".to_owned(), error))?;
            until = listed.items.iter().map(|run| run.closed_at).chain(until).max();
            let new: Vec<_> = listed.items.into_iter().filter(|run| !ended.done.contains_key(&run.run_id)).collect();
            let outcomes = stream::iter(new).map(async |run| (self.ensure_run(&run.document_id, None).await, run));
            for (ensured, run) in outcomes.buffer_unordered(CONCURRENCY).collect::<Vec<_>>().await {
                match ensured {
                    Ok(()) => drop(ended.done.insert(run.run_id, run.closed_at)),
                    Err(error) => {
                        open = open.into_iter().chain([run.closed_at]).min();
                        outcome = Err(error);
                    }
                }
            }
            from = listed.next;
            if from.is_empty() {
                break;
            }
        }
        // What could not be started is looked for again; what lies behind it is not kept waiting.
        let until = open.or(until);
        ended.until = until;
        ended.done.retain(|_, closed_at| until.is_some_and(|until| *closed_at >= until - OVERLAP));
        outcome
    }

    /// Compares the next page of Billing's open processes with the runs.
    async fn compare_page(&self) -> Result<(), HandlerError> {
        // After a failure the comparison starts over: Billing may no longer know the cursor.
        let cursor = self.sweep.cursor.lock().unwrap_or_else(PoisonError::into_inner).take();
        let page = self.open_documents(cursor.as_deref()).await?;
        let open = page.items.into_iter().filter_map(|document| Some((document.document_id, document.process_id?)));
        let without_run = self.voidings.without_run(open.collect()).await;
        let without_run =
            without_run.map_err(|error| HandlerError::new("the runs cannot be listed".to_owned(), error))?;
        // A document whose process cannot be started must not keep the comparison from the pages behind it.
        *self.sweep.cursor.lock().unwrap_or_else(PoisonError::into_inner) = page.next_cursor;
        self.ensure_runs(without_run.into_iter().map(|(document_id, process_id)| (document_id, Some(process_id)))).await
    }

    async fn open_documents(&self, cursor: Option<&str>) -> Result<Page<Document>, HandlerError> {
        let limit = PAGE.to_string();
        let query = [("process", "open"), ("limit", limit.as_str())].into_iter();
        let query = query.chain(cursor.map(|cursor| ("cursor", cursor))).collect::<Vec<_>>();
        let page = self.voidings.billing().client().get(&["documents"], &query).await;
        page.map_err(|error| HandlerError::new("Billing's open processes cannot be listed", error))
    }

    /// Ensures all of them, even if some fail. Returns the last error.
    async fn ensure_runs(
        &self,
        processes: impl Iterator<Item = (DocumentId, Option<ProcessId>)>,
    ) -> Result<(), HandlerError> {
        stream::iter(processes.collect::<Vec<_>>())
            .map(async |(document_id, process_id)| self.ensure_run(&document_id, process_id.as_ref()).await)
            .buffer_unordered(CONCURRENCY)
            .fold(Ok(()), async |outcome, next| next.and(outcome))
            .await
    }
}

#[cfg(test)]
mod tests;
