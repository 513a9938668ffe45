//! The numbers of processes of each kind, from count queries; at most one round of them at a time.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveTime, Utc};
use messages::voiding::VoidingState;
use process_manager_host::operator::{InstanceFilter, Operator, OperatorError, Trouble};
use tokio::{sync::Mutex, time::Instant};
use voiding_client::{Filter, VoidingClient};

use crate::{fingerprint::fingerprint, managers::MANAGERS};

/// Counts younger than this are not requested again.
const FRESH: Duration = Duration::from_millis(250);
/// Maximum number of processes with trouble, per type, whose changes are followed even if no count changes.
pub(crate) const FOLLOWED: usize = 50;

/// The numbers of processes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Counts {
    /// Voidings that have not ended.
    pub(crate) running: i64,
    /// Of these, those where an operator has to decide, or a command is stalled.
    pub(crate) voidings: Troubles,
    /// The same for each process manager, in the order of [`MANAGERS`].
    pub(crate) instances: [Troubles; MANAGERS.len()],
    /// Voided since midnight UTC.
    pub(crate) voided_today: i64,
    /// All voidings that have ended since midnight UTC.
    pub(crate) ended_today: i64,
    /// Running voidings that Reports has marked.
    pub(crate) marked: i64,
    /// Changes when a retry fails again, which changes no count.
    pub(crate) latest: u64,
}

/// The numbers of running processes with trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Troubles {
    /// An operator has to decide.
    pub(crate) attention: i64,
    /// A command is stalled.
    pub(crate) retrying: i64,
}

impl Troubles {
    pub(crate) fn of(self, trouble: Trouble) -> i64 {
        match trouble {
            Trouble::NeedsAttention => self.attention,
            Trouble::Retrying => self.retrying,
        }
    }
}

impl Counts {
    /// Returns the number of processes with such trouble, of all types.
    pub(crate) fn all_of(&self, trouble: Trouble) -> i64 {
        self.voidings.of(trouble) + self.instances.iter().map(|of| of.of(trouble)).sum::<i64>()
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

    /// Returns the current counts, at most 250 ms old; `None` while Temporal is unavailable.
    pub(crate) async fn counts(&self) -> Option<Counts> {
        // Held during the queries: other pages wait for their result.
        let mut last = self.last.lock().await;
        if let Some((at, counts)) = &*last
            && at.elapsed() < FRESH
        {
            return counts.clone();
        }
        let counts = self.ask().await;
        if let Err(error) = &counts {
            tracing::debug!(error = error as &dyn std::error::Error, "the processes cannot be counted");
        }
        let counts = counts.ok();
        *last = Some((Instant::now(), counts.clone()));
        counts
    }

    async fn ask(&self) -> Result<Counts, OperatorError> {
        let running = Filter { open: Some(true), ..Filter::default() };
        let ended_today = Filter { open: Some(false), closed_since: Some(midnight()), ..Filter::default() };
        let marked = Filter { state: Some(VoidingState::MarkingDocumentAsVoidedSucceeded), ..running.clone() };
        let voided_today = Filter { state: Some(VoidingState::DocumentVoided), ..ended_today.clone() };
        let (running, marked, voided_today, ended_today, (voidings, of_voidings), others) = tokio::try_join!(
            self.voidings.count(&running),
            self.voidings.count(&marked),
            self.voidings.count(&voided_today),
            self.voidings.count(&ended_today),
            self.voidings(),
            self.instances(),
        )?;
        let (instances, of_instances) = others;
        let latest = fingerprint(&(of_voidings, of_instances));
        Ok(Counts { running, voidings, instances, voided_today, ended_today, marked, latest })
    }

    async fn voidings(&self) -> Result<(Troubles, u64), OperatorError> {
        let of = |trouble| Filter { open: Some(true), trouble: Some(trouble), ..Filter::default() };
        let (attention, retrying) = (of(Trouble::NeedsAttention), of(Trouble::Retrying));
        let (attention, retrying, latest) = tokio::try_join!(
            self.voidings.count(&attention),
            self.voidings.count(&retrying),
            self.voidings.newest(&attention, FOLLOWED),
        )?;
        let failures: Vec<_> = latest.iter().map(|run| (&run.run_id, run.to_acknowledge(), run.to_retry())).collect();
        Ok((Troubles { attention, retrying }, fingerprint(&failures)))
    }

    async fn instances(&self) -> Result<([Troubles; MANAGERS.len()], u64), OperatorError> {
        let of =
            |trouble| InstanceFilter { is_running: Some(true), trouble: Some(trouble), ..InstanceFilter::default() };
        let (attention, retrying) = (of(Trouble::NeedsAttention), of(Trouble::Retrying));
        let mut counts = [Troubles::default(); MANAGERS.len()];
        let mut failures = Vec::new();
        for (count, manager) in counts.iter_mut().zip(MANAGERS) {
            let instances = self.operator.instances_of(manager.name);
            let latest = instances.newest(&attention, FOLLOWED).await?;
            failures.extend(latest.iter().filter_map(|instance| instance.failure_id().map(str::to_owned)));
            let (attention, retrying) = tokio::try_join!(instances.count(&attention), instances.count(&retrying))?;
            *count = Troubles { attention, retrying };
        }
        Ok((counts, fingerprint(&failures)))
    }
}

/// Returns the beginning of the day in UTC.
pub(crate) fn midnight() -> DateTime<Utc> {
    Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc()
}
