//! Open confirmations: of contracts that the plain loop has revoked.

use std::time::Duration;

use chrono::{DateTime, Utc};
use messages::contracts::CreditRating;
use process_manager_host::operator::timestamp;
use tests::{Component, bench::Both, calls::http};

use crate::system::{Customer, SUBSCRIPTIONS, System, until};

/// The worker's counter of completed workflow tasks.
const TASKS: &str = "workflow_task_execution_latency_seconds_count";
/// The processes whose workflow tasks count.
const OF_CONFIRMATIONS: &str = "workflow_type=\"ContractConfirmation\"";
pub(crate) const RUNNING: &str = "WorkflowType = 'ContractConfirmation' AND ExecutionStatus = 'Running'";

pub(crate) struct Open {
    pub(crate) customer: Customer,
    /// From the resumption of the subscription until the last process was running.
    pub(crate) started: Duration,
    /// From then until each process had handled its event.
    pub(crate) handled: Duration,
    pub(crate) used: Both,
}

impl System {
    /// Starts the confirmations of this many contracts: their events are in the log when the subscription resumes.
    pub(crate) async fn open(&self, contracts: usize) -> Open {
        self.pause().await;
        let customer = self.customer(contracts).await;
        let change = self.change(&customer, CreditRating::B).await;
        self.revoke(&customer.contracts, &change).await;
        let (before, begun) = (self.env.usage().await, Utc::now());
        self.resume(SUBSCRIPTIONS[0], None).await;
        until(async || (self.tasks_done().await >= contracts).then_some(())).await;
        let handled = since(begun, Utc::now());
        let used = self.env.usage().await - before;
        let started = since(begun, self.last_start(contracts).await);
        Open { customer, started, handled, used }
    }

    /// Returns when the last confirmation started.
    pub(crate) async fn last_start(&self, confirmations: usize) -> DateTime<Utc> {
        self.finds(RUNNING, confirmations).await;
        let runs = self.env.temporal().list(RUNNING).await;
        latest(runs.iter().filter_map(|run| run.start_time).map(|at| (at.seconds, at.nanos)))
    }

    /// Returns how many workflow tasks of confirmations the worker has completed.
    pub(crate) async fn tasks_done(&self) -> usize {
        let page = http().get(format!("{}/metrics", self.env.url(Component::Worker))).send().await.unwrap();
        let page = page.text().await.unwrap();
        let counts = page.lines().filter(|line| line.contains(TASKS) && line.contains(OF_CONFIRMATIONS));
        counts.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
    }
}

pub(crate) fn latest(times: impl Iterator<Item = (i64, i32)>) -> DateTime<Utc> {
    times.filter_map(|(seconds, nanos)| timestamp(seconds, nanos)).max().unwrap()
}

pub(crate) fn since(begun: DateTime<Utc>, ended: DateTime<Utc>) -> Duration {
    (ended - begun).to_std().unwrap_or_default()
}
