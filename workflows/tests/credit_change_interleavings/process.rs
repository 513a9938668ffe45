//! An instance of a process manager as its workflow and its subscription run it: the library's state machine, with
//! deliveries that come late and repeatedly, and commands whose answers come late.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use messages::Position;
use process_manager::{
    CloudEvent,
    instance::{Delivery, Instance, Ledger, Next},
    manager::{Error, ProcessManager, Refusal, RouteKind, Routed, route},
};
use serde_json::Value;

/// An answer to a command. The answer to a question contains an event.
pub(crate) type Answer = Result<Option<Value>, Refusal>;

#[derive(Debug)]
pub(crate) struct Process<M: ProcessManager> {
    id: String,
    pub(crate) instance: Option<Instance<M>>,
    /// The log's events that are routed to it.
    queue: Vec<Delivery>,
    /// How many of them were delivered, as far as the subscription knows.
    delivered: usize,
    seen: BTreeSet<Position>,
    /// The answer to the current command, which has been carried out.
    answer: Option<Answer>,
}

impl<M: ProcessManager> Process<M> {
    pub(crate) fn new(id: String) -> Self {
        Self { id, instance: None, queue: Vec::new(), delivered: 0, seen: BTreeSet::new(), answer: None }
    }

    /// Queues the event if it is routed here.
    pub(crate) fn publish(&mut self, event: &CloudEvent) {
        if let Routed::To(kind, ids) = route::<M>(event).unwrap()
            && ids.contains(&self.id)
        {
            self.queue.push(Delivery::new(event.clone(), kind));
        }
    }

    pub(crate) fn runs(&self) -> bool {
        self.instance.as_ref().is_some_and(|instance| !instance.is_over())
    }

    /// Follows the log from its origin again.
    pub(crate) fn begin_again(&mut self) {
        self.delivered = 0;
    }

    /// Follows the log again from the previous event.
    pub(crate) fn step_back(&mut self) {
        self.delivered = self.delivered.saturating_sub(1);
    }

    /// Delivers the next event of the log. Returns it if it is new to the process.
    pub(crate) fn deliver(&mut self) -> Option<&Delivery> {
        let delivery = self.queue.get(self.delivered)?;
        self.delivered += 1;
        let is_new = self.seen.insert(delivery.event.sequence);
        if !self.runs() {
            let ledger = self.instance.as_ref().map(|ended| ended.ledger().clone()).unwrap_or_default();
            match delivery.kind {
                RouteKind::Stop => return None,
                RouteKind::ContinueStrict => {
                    assert!(!is_new, "nobody waits for {delivery:?}");
                    return None;
                }
                _ if ledger.has_accepted(delivery) => {
                    assert!(!is_new, "{delivery:?} is lost");
                    return None;
                }
                _ => self.instance = Some(Instance::new(self.id.clone(), M::VERSION, ledger)),
            }
        }
        let is_accepted = self.instance.as_mut().is_some_and(|it| it.deliver(delivery.clone()));
        assert_eq!(is_accepted, is_new, "{delivery:?} counts once");
        Some(delivery).filter(|_| is_new)
    }

    pub(crate) fn has_more(&self) -> bool {
        self.delivered < self.queue.len()
    }

    /// Delivers an event that is in no log. Does nothing if the process does not run.
    pub(crate) fn tell(&mut self, event: CloudEvent) {
        if self.runs()
            && let Some(instance) = &mut self.instance
        {
            instance.deliver(Delivery::new(event, RouteKind::Continue));
        }
    }

    /// Sends an instruction. Returns whether it is accepted.
    pub(crate) fn instruct(&mut self, kind: &str, data: Value, now: DateTime<Utc>) -> bool {
        self.instance.as_mut().is_some_and(|instance| instance.instruct(kind, data, now).is_ok())
    }

    /// Carries out the next command, or reports its answer. Returns whether there was something to do.
    pub(crate) fn work(&mut self, now: DateTime<Utc>, carry_out: impl FnOnce(&M::Command) -> Answer) -> bool {
        let Some(instance) = &mut self.instance else { return false };
        let next = instance.advance(now);
        assert_eq!(instance.parked(), None, "{} is parked", self.id);
        match (next, self.answer.take()) {
            (Next::Dispatch(dispatch), None) => self.answer = Some(carry_out(&dispatch.outgoing.command)),
            (Next::Dispatch(_), Some(Ok(Some(event)))) => {
                instance.answered_with(event["type"].as_str().unwrap(), event["data"].clone(), now);
            }
            (Next::Dispatch(_), Some(answer)) => instance.answered(answer.map(drop).map_err(Error::Refused), now),
            (Next::Wait(_) | Next::End(_), None) => return false,
            other => panic!("{} cannot go on: {other:?}", self.id),
        }
        true
    }

    /// Continues in another run.
    pub(crate) fn hand_over(&mut self) {
        if let Some(instance) = self.instance.as_mut().filter(|it| !it.is_over() && self.answer.is_none()) {
            let carried = serde_json::to_string(&instance.snapshot().unwrap()).unwrap();
            *instance = Instance::resume(&self.id, M::VERSION, serde_json::from_str(&carried).unwrap()).unwrap();
        }
    }

    pub(crate) fn next_timer(&self) -> Option<DateTime<Utc>> {
        let first = self.instance.as_ref()?.view().timers.into_iter().next();
        first.map(|timer| timer.due_at)
    }

    pub(crate) fn ledger(&self) -> Option<&Ledger> {
        self.instance.as_ref().map(Instance::ledger)
    }
}
