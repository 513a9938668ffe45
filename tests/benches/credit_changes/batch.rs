//! The batch alone: no process learns of its effects.

use std::time::Duration;

use chrono::Utc;
use messages::contracts::CreditRating;
use process_manager::batch::{Batch, Progress, StartBatch, Status};
use tests::bench::{Both, Lines, Table, each, exact, memory, rate, seconds, whole};
use workflows::{
    credit_change::{AffectedContracts, RevokeContracts},
    voiding::TASK_QUEUE,
};

use crate::{
    histories::Histories,
    system::{Change, Customer, System, until},
};

const COLUMNS: [&str; 12] = [
    "items",
    "seconds",
    "items/s",
    "plain loop, items/s",
    "batch ÷ loop",
    "events/item",
    "events",
    "runs",
    "longest history",
    "worker, MiB before → after (peak)",
    "worker, CPU ms/item",
    "Temporal, CPU ms/item",
];

pub(crate) async fn run(sizes: &[usize], lines: &Lines) {
    let table = Table::begin("Batch alone: RevokeCustomerContracts", &COLUMNS).with_lines(lines);
    for size in sizes {
        table.row(&measure(*size).await);
    }
}

async fn measure(items: usize) -> Vec<String> {
    let system = System::start(&[]).await;
    system.pause().await;
    let (by_loop, by_batch) = (system.customer(items).await, system.customer(items).await);
    let of_loop = system.change(&by_loop, CreditRating::B).await;
    let of_batch = system.change(&by_batch, CreditRating::B).await;
    // The database grows meanwhile, so half of the loop runs before the batch and half after it.
    let (first, second) = by_loop.contracts.split_at(items / 2);
    let before = system.revoke(first, &of_loop).await;
    let batch = Measured::of(&system, &by_batch, &of_batch).await;
    let after = system.revoke(second, &of_loop).await;
    let (own, plain) = (rate(items, batch.time), rate(items, before + after));
    let Histories { runs, events, longest } = batch.histories;
    vec![
        items.to_string(),
        seconds(batch.time),
        whole(own),
        whole(plain),
        exact(own / plain),
        format!("{:.3}", batch.histories.each(items)),
        events.to_string(),
        runs.to_string(),
        longest.to_string(),
        memory(&batch.used.worker),
        each(batch.used.worker.cpu, items),
        each(batch.used.temporal.cpu, items),
    ]
}

struct Measured {
    time: Duration,
    histories: Histories,
    used: Both,
}

impl Measured {
    async fn of(system: &System, customer: &Customer, change: &Change) -> Self {
        let affected = AffectedContracts {
            customer_id: customer.id.clone(),
            credit_change_id: change.id.clone(),
            opened_up_to: change.position,
        };
        let start = StartBatch::new::<RevokeContracts>(change.id.as_str(), &affected).unwrap();
        let (before, begun) = (system.env.usage().await, Utc::now());
        system.operator.batches().start(&start, TASK_QUEUE).await.unwrap();
        let ended = system.batch_ends(change).await;
        let used = system.env.usage().await - before;
        assert_eq!(ended.accepted, customer.contracts.len() as u64, "{ended:?}");
        let histories = system.ended(&format!("WorkflowId = '{}'", start.workflow_id())).await;
        // The batch itself reports when it ended.
        Self { time: (ended.updated_at - begun).to_std().unwrap(), histories, used }
    }
}

/// Returns the workflow id of the batch of a change.
pub(crate) fn workflow_id(change: &Change) -> String {
    format!("{}-{}", RevokeContracts::NAME, change.id)
}

impl System {
    /// Waits until the batch of a change has completed.
    pub(crate) async fn batch_ends(&self, change: &Change) -> Progress {
        let batches = self.operator.batches();
        let progress = until(async || {
            let progress = batches.read(&workflow_id(change)).await.ok()??.progress?;
            (progress.status.is_end() || progress.status == Status::Paused).then_some(progress)
        })
        .await;
        assert_eq!(progress.status, Status::Completed, "{progress:?}");
        progress
    }
}
