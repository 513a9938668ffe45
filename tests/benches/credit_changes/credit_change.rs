//! All contracts of one customer: revoked by the batch of a credit change, then signed and confirmed over HTTP, with a
//! ContractConfirmation for each.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use messages::contracts::CreditRating;
use process_manager_host::operator::timestamp;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::bench::{Both, Lines, Table, each, exact, memory, rate, seconds, whole};

use crate::{
    batch::workflow_id,
    histories::Histories,
    open::{latest, since},
    own::Own,
    system::{Change, Customer, SUBSCRIPTIONS, System, until},
};

const COLUMNS: [&str; 16] = [
    "contracts",
    "revoked, s",
    "confirmations started, s",
    "signed and confirmed by HTTP, s",
    "all confirmations ended, s",
    "contracts/s",
    "plain loop, contracts/s",
    "process ÷ loop",
    "server's own signals with start/s",
    "server's own signals/s",
    "events/contract",
    "longest history",
    "worker, MiB before → after (peak)",
    "worker, CPU ms/contract",
    "Temporal, CPU ms/contract",
    "credit change completed, s",
];
const ENDED: &str = "WorkflowType = 'ContractConfirmation' AND ExecutionStatus = 'Completed'";
/// The next count of the contracts may be a quarter of an hour away.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn run(sizes: &[usize], lines: &Lines) {
    let title = "A credit change: revoke (batch), sign and confirm (HTTP), seconds since the change of the rating";
    let table = Table::begin(title, &COLUMNS).with_lines(lines);
    for size in sizes {
        table.row(&measure(*size).await);
    }
}

async fn measure(contracts: usize) -> Vec<String> {
    let system = System::start(&[]).await;
    let own = system.own(contracts).await;
    system.pause().await;
    let (by_loop, by_process) = (system.customer(contracts).await, system.customer(contracts).await);
    let change = system.change(&by_loop, CreditRating::B).await;
    let revoked = system.revoke(&by_loop.contracts, &change).await;
    let plain = rate(contracts, revoked + system.sign_and_confirm(&by_loop.contracts).await);
    // No process learns of the loop's effects.
    let head = system.change(&by_loop, CreditRating::C).await.position;
    for name in SUBSCRIPTIONS {
        system.resume(name, Some(head)).await;
    }
    let times = Times::of(&system, &by_process).await;
    cells(contracts, &times, plain, &own)
}

fn cells(contracts: usize, times: &Times, plain: f64, own: &Own) -> Vec<String> {
    let whole_rate = rate(contracts, times.ended);
    vec![
        contracts.to_string(),
        seconds(times.revoked),
        seconds(times.started),
        seconds(times.confirmed),
        seconds(times.ended),
        whole(whole_rate),
        whole(plain),
        exact(whole_rate / plain),
        whole(own.starts),
        whole(own.signals),
        exact(times.histories.each(contracts)),
        times.histories.longest.to_string(),
        memory(&times.used.worker),
        each(times.used.worker.cpu, contracts),
        each(times.used.temporal.cpu, contracts),
        times.completed.map_or_else(|| format!("> {}", seconds(times.ended + PATIENCE)), seconds),
    ]
}

/// Times since the change of the rating.
struct Times {
    revoked: Duration,
    started: Duration,
    confirmed: Duration,
    ended: Duration,
    completed: Option<Duration>,
    histories: Histories,
    used: Both,
}

impl Times {
    async fn of(system: &System, customer: &Customer) -> Self {
        let contracts = customer.contracts.len();
        let (before, begun) = (system.env.usage().await, Utc::now());
        let change = system.change(customer, CreditRating::B).await;
        let revoked = since(begun, system.batch_ends(&change).await.updated_at);
        let started = since(begun, system.last_start(contracts).await);
        system.sign_and_confirm(&customer.contracts).await;
        let confirmed = since(begun, Utc::now());
        system.finds(ENDED, contracts).await;
        let used = system.env.usage().await - before;
        let ended = since(begun, system.last_end().await);
        let completed = system.completes(customer).await.map(|at| since(begun, at));
        let histories = system.histories(customer, &change).await;
        Self { revoked, started, confirmed, ended, completed, histories, used }
    }
}

impl System {
    /// Returns when the last confirmation ended.
    async fn last_end(&self) -> DateTime<Utc> {
        let runs = self.env.temporal().list(ENDED).await;
        latest(runs.iter().filter_map(|run| run.close_time).map(|at| (at.seconds, at.nanos)))
    }

    /// Returns when the credit change has completed, if it does so soon.
    async fn completes(&self, customer: &Customer) -> Option<DateTime<Utc>> {
        let (waiting, id) = (Instant::now(), credit_change(customer));
        until(async || {
            let run = self.operator.workflows().describe(&id).await.ok()??.info;
            let end = run.close_time.and_then(|at| timestamp(at.seconds, at.nanos));
            let is_over = run.status() == WorkflowExecutionStatus::Completed || waiting.elapsed() > PATIENCE;
            is_over.then_some(end)
        })
        .await
    }

    /// Returns the histories of all processes of the change.
    async fn histories(&self, customer: &Customer, change: &Change) -> Histories {
        let mut histories = self.ended("WorkflowType = 'ContractConfirmation'").await;
        let batch = self.ended(&format!("WorkflowId = '{}'", workflow_id(change))).await;
        histories.events += batch.events;
        histories.longest = histories.longest.max(batch.longest);
        histories.add(self.length(&credit_change(customer)).await);
        histories
    }
}

fn credit_change(customer: &Customer) -> String {
    format!("CreditChange-{}", customer.id)
}
