//! The numbers of processes of each sort, by count queries; at most one round of them at a time.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveTime, Utc};
use messages::voiding::VoidingState;
use process_manager_host::operator::{InstanceFilter, Operator, OperatorError};
use tokio::{sync::Mutex, time::Instant};
use voiding_client::{Filter, VoidingClient};

use crate::managers::MANAGERS;

/// Counts younger than this are not asked for again.
const FRESH: Duration = Duration::from_millis(250);

/// The numbers of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Counts {
    /// That have not ended.
    pub(crate) running: i64,
    /// Of these: a refused marking waits for its acknowledgement.
    pub(crate) waiting: i64,
    /// Of these: a command is stalled, or the completion was refused.
    pub(crate) incidents: i64,
    /// Incidents of the other process managers.
    pub(crate) incidents_elsewhere: i64,
    /// Voided since midnight UTC.
    pub(crate) voided_today: i64,
    /// All that have ended; only ever grows, so that no change goes unseen.
    ended: i64,
    /// Running, and marked by Reports.
    marked: i64,
}

impl Counts {
    /// No document was ever voided here.
    pub(crate) fn is_first_visit(&self) -> bool {
        self.running == 0 && self.ended == 0
    }
}

/// When Temporal was asked, and its answer.
type Answer = (Instant, Option<Counts>);

/// Asks for the counts.
#[derive(Clone)]
pub(crate) struct Counter {
    voidings: VoidingClient,
    operator: Operator,
    last: Arc<Mutex<Option<Answer>>>,
}

impl Counter {
    pub(crate) fn new(voidings: VoidingClient, operator: Operator) -> Self {
        Self { voidings, operator, last: Arc::default() }
    }

    /// Returns the counts as they are now, give or take 250 ms; `None` while Temporal is unavailable.
    pub(crate) async fn counts(&self) -> Option<Counts> {
        // Held over the queries: other pages wait for their result.
        let mut last = self.last.lock().await;
        if let Some((at, counts)) = *last
            && at.elapsed() < FRESH
        {
            return counts;
        }
        let counts = self.ask().await;
        if let Err(error) = &counts {
            tracing::debug!(error = error as &dyn std::error::Error, "the processes cannot be counted");
        }
        *last = Some((Instant::now(), counts.ok()));
        last.as_ref().and_then(|(_, counts)| *counts)
    }

    async fn ask(&self) -> Result<Counts, OperatorError> {
        let (failed, marked, voided) = (
            VoidingState::MarkingDocumentAsVoidedFailed,
            VoidingState::MarkingDocumentAsVoidedSucceeded,
            VoidingState::DocumentVoided,
        );
        let running = Filter { open: Some(true), ..Filter::default() };
        let ended = Filter { open: Some(false), ..Filter::default() };
        let of = |state| Filter { state: Some(state), ..running.clone() };
        let (waiting, marked) = (of(failed), of(marked));
        let incidents = Filter { incident: Some(true), ..running.clone() };
        let voided_today = Filter { state: Some(voided), closed_since: Some(midnight()), ..Filter::default() };
        let (running, waiting, incidents, incidents_elsewhere, voided_today, ended, marked) = tokio::try_join!(
            self.voidings.count(&running),
            self.voidings.count(&waiting),
            self.voidings.count(&incidents),
            self.incidents_elsewhere(),
            self.voidings.count(&voided_today),
            self.voidings.count(&ended),
            self.voidings.count(&marked),
        )?;
        Ok(Counts { running, waiting, incidents, incidents_elsewhere, voided_today, ended, marked })
    }

    async fn incidents_elsewhere(&self) -> Result<i64, OperatorError> {
        let filter = InstanceFilter { is_running: Some(true), has_incident: Some(true), ..InstanceFilter::default() };
        let mut sum = 0;
        for manager in MANAGERS {
            sum += self.operator.instances_of(manager.name).count(&filter).await?;
        }
        Ok(sum)
    }
}

/// The beginning of the day, UTC.
pub(crate) fn midnight() -> DateTime<Utc> {
    Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc()
}
