//! Events delivered by a subscription.

use std::time::Duration;

use chrono::{DateTime, Utc};
use process_manager_client::feed::MemoryLog;
use process_manager_engine::instance::workflow_id;
use process_manager_host::{Manager, operator::timestamp};
use temporalio_common::protos::temporal::api::enums::v1::EventType;

use crate::{
    count::{Count, Event, Nowhere, taken},
    row::Row,
    system::{Spent, System},
};

/// The requests that carry events to instances.
const DELIVERIES: [&str; 2] = ["SignalWorkflowExecution", "SignalWithStartWorkflowExecution"];
/// The request that comes first if an event may start its instance.
const START: &str = "StartWorkflowExecution";

pub(crate) struct Delivered {
    /// Time until Temporal had the last event.
    pub(crate) delivered: Duration,
    /// Time until each instance had received its events, and the cost.
    pub(crate) spent: Spent,
    /// Signals, with and without a start.
    pub(crate) signals: f64,
    pub(crate) starts: f64,
}

/// Appends the events all at once to a log that is already followed, spread round-robin over the instances.
pub(crate) async fn deliver(row: &Row) -> Delivered {
    let system = System::start().await;
    let log = MemoryLog::default();
    let manager = Manager::<Count>::new(log.clone(), Nowhere);
    let worker = system.server.host(|hosting| hosting.manager(manager)).await.unwrap();
    let mut before = 0;
    if row.they_run {
        (0..row.instances).for_each(|instance| drop(log.append(&Event::Began { instance })));
        before = row.instances;
        taken(before).await;
    }
    let begun = system.begin().await;
    for number in 0..row.events {
        let instance = number % row.instances;
        log.append(&if row.may_start { Event::Began { instance } } else { Event::WentOn { instance } });
    }
    taken(before + row.events).await;
    let spent = system.end(&begun).await;
    let delivered = (system.last_delivery(row).await - begun.at).to_std().unwrap();
    worker.end();
    let (signals, starts) = (spent.requests.of(&DELIVERIES), spent.requests.of(&[START]));
    Delivered { delivered, spent, signals, starts }
}

impl System {
    /// Returns when the last event arrived, as dated by the server.
    async fn last_delivery(&self, row: &Row) -> DateTime<Utc> {
        let comes = [EventType::WorkflowExecutionStarted, EventType::WorkflowExecutionSignaled];
        let mut last = DateTime::UNIX_EPOCH;
        for instance in 0..row.instances.min(row.events) {
            let history = self.env.temporal().history_by_id(&workflow_id::<Count>(&instance.to_string())).await;
            let came = history.iter().filter(|event| comes.contains(&event.event_type()));
            let times = came.filter_map(|event| event.event_time.as_ref());
            last = times.filter_map(|at| timestamp(at.seconds, at.nanos)).fold(last, DateTime::max);
        }
        last
    }
}
