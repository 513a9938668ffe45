//! The cost of a reminder.
//!
//! The worker keeps some thousands of processes in memory. With more of them, each reminder first replays a history.

use std::time::{Duration, Instant};

use temporalio_common::protos::temporal::api::{enums::v1::EventType, history::v1::HistoryEvent};
use tests::{
    bench::{Both, Lines, Table, each, exact, float, memory, rate, seconds},
    confirmation_workflow_id,
};
use tokio::time::sleep;

use crate::{
    histories::SAMPLE,
    system::{Customer, System, until},
};

const COLUMNS: [&str; 9] = [
    "open confirmations",
    "remind every, s",
    "reminders",
    "seconds",
    "reminders/s",
    "events/reminder",
    "worker, MiB before → after (peak)",
    "worker, CPU ms/reminder",
    "Temporal, CPU ms/reminder",
];
const SHORTEST: u64 = 5;
const IDLE: Duration = Duration::from_secs(10);
const BATCH: u32 = 1_000;
/// Last events of a history whose workflow task is not done yet.
const UNDER_WAY: [EventType; 3] =
    [EventType::TimerFired, EventType::WorkflowTaskScheduled, EventType::WorkflowTaskStarted];

pub(crate) async fn run(sizes: &[usize], per_second: usize, lines: &Lines) {
    let table =
        Table::begin("Reminders, without what worker and server use while nothing happens", &COLUMNS).with_lines(lines);
    for size in sizes {
        table.row(&measure(*size, per_second).await);
    }
}

async fn measure(confirmations: usize, per_second: usize) -> Vec<String> {
    let every = SHORTEST.max(confirmations.div_ceil(per_second) as u64);
    let system = System::start(&[("REMIND_EVERY", &format!("{every}s"))]).await;
    let idle = system.idle().await;
    let open = system.open(confirmations).await;
    let mut log = Reminders::default();
    // If the first are reminded before the last have started, some of the tasks so far were reminders.
    until(async || {
        log.read(&system).await;
        (system.tasks_done().await >= confirmations + log.count).then_some(())
    })
    .await;
    let (begun, used) = (Instant::now(), system.env.usage().await);
    let mut sent = Reminders { position: log.position, count: 0 };
    until(async || {
        sent.read(&system).await;
        (sent.count >= confirmations).then_some(())
    })
    .await;
    let (used, time, reminders) = (system.env.usage().await - used, begun.elapsed(), sent.count);
    let net = |cpu: Duration, idle: Duration| cpu.saturating_sub(idle.mul_f64(time.as_secs_f64() / IDLE.as_secs_f64()));
    vec![
        confirmations.to_string(),
        every.to_string(),
        reminders.to_string(),
        seconds(time),
        exact(rate(reminders, time)),
        exact(system.events_each(&open.customer).await),
        memory(&used.worker),
        each(net(used.worker.cpu, idle.worker.cpu), reminders),
        each(net(used.temporal.cpu, idle.temporal.cpu), reminders),
    ]
}

/// The reminders in Contracts' log after a position.
#[derive(Debug, Default)]
struct Reminders {
    position: i64,
    count: usize,
}

impl Reminders {
    /// Reads the rest of the log.
    async fn read(&mut self, system: &System) {
        loop {
            let Ok(events) = system.env.contracts().events(self.position, Some(BATCH), None).await.try_ok() else {
                return;
            };
            let Some(last) = events.last() else { return };
            self.position = last.sequence;
            self.count += events.iter().filter(|event| event.kind == "CustomerReminded").count();
        }
    }
}

/// Returns the events that reminders have added to a history, and the number of these reminders. A last reminder that
/// is not done yet does not count.
fn added(history: &[HistoryEvent]) -> (usize, usize) {
    let fired = |event: &HistoryEvent| event.event_type() == EventType::TimerFired;
    let begin = history.iter().position(fired).unwrap_or(history.len());
    let is_under_way = history.last().is_some_and(|last| UNDER_WAY.contains(&last.event_type()));
    let end = history.iter().rposition(fired).filter(|_| is_under_way).unwrap_or(history.len());
    let added = &history[begin..end];
    (added.len(), added.iter().filter(|event| fired(event)).count())
}

impl System {
    /// Returns the number of events per reminder, in the histories of some confirmations.
    async fn events_each(&self, customer: &Customer) -> f64 {
        let (mut events, mut reminders) = (0, 0);
        for contract in customer.contracts.iter().take(SAMPLE) {
            let history = self.env.temporal().history_by_id(&confirmation_workflow_id(contract)).await;
            let added = added(&history);
            (events, reminders) = (events + added.0, reminders + added.1);
        }
        float(events) / float(reminders)
    }

    /// Returns what the worker and Temporal use while nothing happens.
    async fn idle(&self) -> Both {
        let before = self.env.usage().await;
        sleep(IDLE).await;
        self.env.usage().await - before
    }
}
