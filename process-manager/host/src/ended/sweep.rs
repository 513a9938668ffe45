//! Looks periodically for runs that were ended from outside. The cost depends on the number of such runs.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Debug},
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, future::BoxFuture, stream};
use metrics::counter;
use process_manager::manager::ProcessManager;
use process_manager_engine::batch::WORKFLOW_TYPE;
use process_manager_wire::error_chain;
use temporalio_client::Client;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Continued, Ended, EndedError, Unreadable, batch, continue_run};
use crate::operator::{ENDED_FROM_OUTSIDE, OperatorError, Workflows, ended_with};

/// The number of runs in a page of the list.
const PAGE: usize = 200;
/// How many instances are continued at the same time.
const AT_ONCE: usize = 8;
/// The list lags by up to a second, and the clocks of different servers may disagree about closing times.
const OVERLAP: TimeDelta = TimeDelta::minutes(1);
/// How many sweeps ask a worker for the state of an ended run, before the instance goes on without it.
const ATTEMPTS: u32 = 6;

/// The process managers and the batches of a worker whose ended runs are continued.
pub(crate) struct EndedInstances {
    client: Client,
    task_queue: String,
    every: Duration,
    managers: BTreeMap<&'static str, Arc<dyn Continue>>,
    has_begun: AtomicBool,
}

/// The runs with one status that earlier sweeps have seen.
#[derive(Debug, Default)]
struct Seen {
    /// Runs that ended before this are done.
    since: Option<DateTime<Utc>>,
    /// Runs that are done, and when they ended.
    settled: HashMap<String, DateTime<Utc>>,
    /// How often the state of a run could not be read.
    unreadable: HashMap<String, u32>,
}

impl EndedInstances {
    pub(crate) fn new(client: Client, task_queue: String, every: Duration) -> Self {
        Self { client, task_queue, every, managers: BTreeMap::new(), has_begun: AtomicBool::new(false) }
    }

    pub(crate) fn add<M: ProcessManager>(&mut self) {
        self.managers.insert(M::NAME, Arc::new(Of::<M>(PhantomData)));
    }

    /// Adds all batches: they have one workflow type.
    pub(crate) fn add_batches(&mut self) {
        self.managers.insert(WORKFLOW_TYPE, Arc::new(OfBatches));
    }

    /// Begins to sweep, once, in a task of its own.
    pub(crate) fn begin(self: &Arc<Self>, stop: &CancellationToken) {
        if self.has_begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let (ended, stop) = (self.clone(), stop.clone());
        tokio::spawn(async move { stop.run_until_cancelled(ended.keep_sweeping()).await });
    }

    async fn keep_sweeping(&self) {
        // A record for each status: while runs with one status are continued, which may take minutes, runs may end with
        // another.
        let mut seen = ENDED_FROM_OUTSIDE.map(|status| (status, Seen::default()));
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for (status, seen) in &mut seen {
                if let Err(error) = self.sweep(status, seen).await {
                    tracing::warn!("runs that have ended {status} cannot be listed: {}", error_chain(&error));
                }
            }
        }
    }

    async fn sweep(&self, status: &str, seen: &mut Seen) -> Result<(), OperatorError> {
        let workflows = Workflows::new(self.client.clone());
        let types: Vec<_> = self.managers.keys().copied().collect();
        let query = ended_with(status, &types, seen.since.map(|since| since - OVERLAP));
        let (mut latest, mut open) = (seen.since, None::<DateTime<Utc>>);
        let mut from = Vec::new();
        loop {
            let page = workflows.list(&query, PAGE, from).await?;
            let runs = page.items.iter().filter_map(|info| self.read(info));
            let new: Vec<_> = runs.filter(|(_, _, run)| !seen.settled.contains_key(&run.run_id)).collect();
            latest = latest.max(new.iter().map(|(_, _, run)| run.at).max());
            let (before, ended) = (&seen.unreadable, new.into_iter());
            let outcomes = ended.map(|(manager, id, run)| async move {
                let attempts = before.get(&run.run_id).copied().unwrap_or_default();
                let outcome = self.one(manager, &id, &run, attempts).await;
                (run, outcome)
            });
            let outcomes = stream::iter(outcomes.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
            for (run, outcome) in outcomes.collect::<Vec<_>>().await {
                open = seen.take(run, outcome, open);
            }
            from = page.next;
            if from.is_empty() {
                break;
            }
        }
        seen.go_on_from(open.or(latest));
        Ok(())
    }

    /// Returns the process manager of a run of this task queue, its instance's id, and how it ended.
    fn read(&self, info: &WorkflowExecutionInfo) -> Option<(&'static str, String, Ended)> {
        let run = Ended::read(info).filter(|_| info.task_queue == self.task_queue)?;
        let (manager, of) = self.managers.get_key_value(info.r#type.as_ref()?.name.as_str())?;
        let id = of.id(&run.workflow_id)?.to_owned();
        Some((manager, id, run))
    }

    /// Continues one instance, if that is due.
    async fn one(&self, manager: &'static str, id: &str, run: &Ended, attempts: u32) -> Outcome {
        let Some(of) = self.managers.get(manager) else { return Outcome::Settled };
        match of.continue_run(&self.client, &self.task_queue, id, run, unreadable_after(attempts)).await {
            Ok(Continued::Parked) => {
                counter!("instances_ended_from_outside_total", "manager" => manager).increment(1);
                tracing::warn!(
                    manager,
                    process_id = id,
                    run_id = run.run_id,
                    "its run was ended from outside; it is parked"
                );
                Outcome::Settled
            }
            // A meaningless input was given by hand: there has never been an instance.
            Ok(Continued::Followed | Continued::Over) | Err(EndedError::Input) => Outcome::Settled,
            Err(error) => {
                tracing::warn!(
                    manager,
                    process_id = id,
                    "an ended instance does not go on yet: {}",
                    error_chain(&error)
                );
                match error {
                    EndedError::Unreadable(_) => Outcome::Unreadable,
                    _ => Outcome::Fault,
                }
            }
        }
    }
}

/// The outcome of a sweep for one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There is nothing more to do.
    Settled,
    /// Its state could not be read.
    Unreadable,
    /// Temporal did not do what was requested.
    Fault,
}

impl Seen {
    /// Records the outcome of a run; returns when the first run ended that is not done.
    fn take(&mut self, run: Ended, outcome: Outcome, open: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        if outcome == Outcome::Settled {
            self.unreadable.remove(&run.run_id);
            self.settled.insert(run.run_id, run.at);
            return open;
        }
        *self.unreadable.entry(run.run_id).or_default() += u32::from(outcome == Outcome::Unreadable);
        Some(open.map_or(run.at, |open| open.min(run.at)))
    }

    fn go_on_from(&mut self, since: Option<DateTime<Utc>>) {
        self.since = since;
        let begin = since.map(|since| since - OVERLAP);
        self.settled.retain(|_, at| begin.is_none_or(|begin| *at >= begin));
    }
}

impl Debug for EndedInstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndedInstances").field("managers", &self.managers.keys()).finish_non_exhaustive()
    }
}

/// Returns what the next attempt does about an unreadable state, after this many attempts.
fn unreadable_after(attempts: u32) -> Unreadable {
    if attempts + 1 < ATTEMPTS { Unreadable::Fails } else { Unreadable::GoesOnFromItsBegin }
}

/// One process manager, whose type only the implementation knows, or the batches.
trait Continue: Send + Sync {
    /// Returns the id of a workflow's instance.
    fn id<'a>(&self, workflow_id: &'a str) -> Option<&'a str>;

    fn continue_run<'a>(
        &self,
        client: &'a Client,
        task_queue: &'a str,
        id: &'a str,
        ended: &'a Ended,
        unreadable: Unreadable,
    ) -> BoxFuture<'a, Result<Continued, EndedError>>;
}

struct Of<M>(PhantomData<fn(M)>);

impl<M: ProcessManager> Continue for Of<M> {
    fn id<'a>(&self, workflow_id: &'a str) -> Option<&'a str> {
        workflow_id.strip_prefix(M::NAME)?.strip_prefix('-')
    }

    fn continue_run<'a>(
        &self,
        client: &'a Client,
        task_queue: &'a str,
        id: &'a str,
        ended: &'a Ended,
        unreadable: Unreadable,
    ) -> BoxFuture<'a, Result<Continued, EndedError>> {
        Box::pin(continue_run::<M>(client, task_queue, id, ended, unreadable))
    }
}

struct OfBatches;

impl Continue for OfBatches {
    fn id<'a>(&self, workflow_id: &'a str) -> Option<&'a str> {
        Some(workflow_id)
    }

    fn continue_run<'a>(
        &self,
        client: &'a Client,
        task_queue: &'a str,
        _id: &'a str,
        ended: &'a Ended,
        unreadable: Unreadable,
    ) -> BoxFuture<'a, Result<Continued, EndedError>> {
        Box::pin(batch::continue_run(client, task_queue, ended, unreadable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscription::Pace;

    #[test]
    fn a_state_that_nobody_tells_is_given_up_with_the_sixth_attempt_a_minute_by_default() {
        assert_eq!((unreadable_after(4), unreadable_after(5)), (Unreadable::Fails, Unreadable::GoesOnFromItsBegin));
        assert_eq!(Pace::default().sweep_every * ATTEMPTS, Duration::from_secs(60));
    }
}
