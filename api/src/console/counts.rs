//! How many processes there are of each sort, by count queries; at most one round of them at a time.

use std::{sync::Arc, time::Duration};

use chrono::{NaiveTime, Utc};
use messages::voiding::VoidingState;
use tokio::{sync::Mutex, time::Instant};
use workflows::voiding::{INCIDENT, VOIDING_STATE, WORKFLOW_TYPE};

use super::managers::MANAGERS;
use crate::temporal::{Temporal, TemporalError};

/// Counts younger than this are not asked for again.
const FRESH: Duration = Duration::from_millis(250);

/// How many processes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Counts {
    /// That have not ended.
    pub(super) running: i64,
    /// Of these: a person has to acknowledge a refused marking.
    pub(super) waiting: i64,
    /// Of these: a command has not got through, or the completion was refused.
    pub(super) incidents: i64,
    /// Incidents of the other process managers.
    pub(super) incidents_elsewhere: i64,
    /// Voided since midnight UTC.
    pub(super) voided_today: i64,
    /// All that have ended; only ever grows, so that no change goes unseen.
    ended: i64,
    /// Running, and marked by Reports.
    marked: i64,
}

impl Counts {
    /// No document was ever voided here.
    pub(super) fn is_first_visit(&self) -> bool {
        self.running == 0 && self.ended == 0
    }
}

/// When Temporal was asked, and what it said, if anything.
type Answer = (Instant, Option<Counts>);

/// Asks for the counts.
#[derive(Clone)]
pub(super) struct Counter {
    temporal: Temporal,
    last: Arc<Mutex<Option<Answer>>>,
}

impl Counter {
    pub(super) fn new(temporal: Temporal) -> Self {
        Self { temporal, last: Arc::default() }
    }

    /// The counts as they are now, give or take 250 ms; `None` while Temporal is away.
    pub(super) async fn counts(&self) -> Option<Counts> {
        // Held over the queries: whoever comes meanwhile takes their result.
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

    async fn ask(&self) -> Result<Counts, TemporalError> {
        let of_ours = format!("WorkflowType = '{WORKFLOW_TYPE}'");
        let running = format!("{of_ours} AND ExecutionStatus = 'Running'");
        let (state, incident) = (VOIDING_STATE.name(), INCIDENT.name());
        let midnight = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc().to_rfc3339();
        let (failed, marked, voided) = (
            VoidingState::MarkingDocumentAsVoidedFailed,
            VoidingState::MarkingDocumentAsVoidedSucceeded,
            VoidingState::DocumentVoided,
        );
        let count = |query: String| self.temporal.count(query);
        let (waiting, incidents, incidents_elsewhere, voided_today, ended, marked, running) = tokio::try_join!(
            count(format!("{running} AND {state} = '{failed}'")),
            count(format!("{running} AND {incident} = true")),
            count(format!("{} AND ExecutionStatus = 'Running' AND {incident} = true", of_managers())),
            count(format!("{of_ours} AND {state} = '{voided}' AND CloseTime >= '{midnight}'")),
            count(format!("{of_ours} AND ExecutionStatus != 'Running'")),
            count(format!("{running} AND {state} = '{marked}'")),
            count(running.clone()),
        )?;
        Ok(Counts { running, waiting, incidents, incidents_elsewhere, voided_today, ended, marked })
    }
}

fn of_managers() -> String {
    let names: Vec<_> = MANAGERS.iter().map(|manager| format!("'{}'", manager.name)).collect();
    format!("WorkflowType IN ({})", names.join(", "))
}
