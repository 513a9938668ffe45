//! The rows: what is delivered to whom, and what it is compared with.

use serde::Serialize;
use tests::bench::{exact, float, milliseconds, rate, whole};

use crate::{
    delivered::{Delivered, deliver},
    own::{Own, Worker, send},
};

pub(crate) const COLUMNS: [&str; 13] = [
    "events",
    "delivered/s",
    "handled/s",
    "sent/s, nobody runs them",
    "sent/s, a worker runs them",
    "handled by that worker/s",
    "delivered ÷ sent (nobody)",
    "delivered ÷ sent (a worker)",
    "handled ÷ handled",
    "events in a signal",
    "starts and signals per event",
    "this program, CPU ms/event (without a subscription)",
    "Temporal, CPU ms/event (without a subscription)",
];

/// A row of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) row: &'static str,
    pub(crate) events: usize,
    pub(crate) instances: usize,
    /// Whether the instances run already.
    pub(crate) they_run: bool,
    /// Whether the events may start an instance.
    pub(crate) may_start: bool,
}

/// The measurements.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    #[serde(flatten)]
    row: Row,
    at_once: usize,
    delivered: f64,
    handled: f64,
    sent_nobody: f64,
    sent_worker: f64,
    handled_worker: f64,
    ratio_nobody: f64,
    ratio_worker: f64,
    ratio_handled: f64,
    events_in_a_signal: f64,
    requests_per_event: f64,
    own_cpu_ms: [f64; 2],
    temporal_cpu_ms: [f64; 2],
    requests: String,
}

impl Row {
    pub(crate) async fn measure(&self, at_once: usize) -> Measured {
        let nobody = send(self, Worker::Nobody, at_once).await;
        let worker = send(self, Worker::Hosted, at_once).await;
        let delivered = deliver(self).await;
        self.measured(at_once, &nobody, &worker, &delivered)
    }

    fn measured(&self, at_once: usize, nobody: &Own, worker: &Own, delivery: &Delivered) -> Measured {
        let (events, spent) = (float(self.events), &delivery.spent);
        let delivered = rate(self.events, delivery.delivered);
        let handled = rate(self.events, spent.time);
        let [sent_nobody, sent_worker] = [nobody, worker].map(|own| rate(self.events, own.sent));
        let handled_worker = rate(self.events, worker.spent.time);
        let each = |cpu| milliseconds(cpu) / events;
        Measured {
            row: self.clone(),
            at_once,
            delivered,
            handled,
            sent_nobody,
            sent_worker,
            handled_worker,
            ratio_nobody: delivered / sent_nobody,
            ratio_worker: delivered / sent_worker,
            ratio_handled: handled / handled_worker,
            events_in_a_signal: if delivery.signals > 0.0 { events / delivery.signals } else { 0.0 },
            requests_per_event: (delivery.signals + delivery.starts) / events,
            own_cpu_ms: [each(spent.own.cpu), each(worker.spent.own.cpu)],
            temporal_cpu_ms: [each(spent.temporal.cpu), each(worker.spent.temporal.cpu)],
            requests: spent.requests.most(8, events),
        }
    }
}

impl Measured {
    pub(crate) fn cells(&self) -> [String; COLUMNS.len()] {
        let both = |[one, without]: [f64; 2]| format!("{one:.2} ({without:.2})");
        let Row { row, events, instances, they_run, .. } = &self.row;
        let of_signals = |text| if *they_run { text } else { "–".to_owned() };
        [
            format!("{row}: {events} over {instances}"),
            whole(self.delivered),
            whole(self.handled),
            whole(self.sent_nobody),
            whole(self.sent_worker),
            of_signals(whole(self.handled_worker)),
            exact(self.ratio_nobody),
            exact(self.ratio_worker),
            of_signals(exact(self.ratio_handled)),
            exact(self.events_in_a_signal),
            exact(self.requests_per_event),
            both(self.own_cpu_ms),
            both(self.temporal_cpu_ms),
        ]
    }

    /// Returns all requests to Temporal per event, the most frequent ones first.
    pub(crate) fn requests(&self) -> String {
        format!("{}: requests to Temporal per event: {}", self.row.row, self.requests)
    }
}
