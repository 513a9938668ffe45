//! One instance as its workflow runs it, and its place in the logs.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use chrono::{DateTime, Utc};
use process_manager_wire::error_chain;
use serde_json::Value;

use super::parts::Recorded;
use crate::{
    failure_code,
    instance::{Delivery, Instance, InstanceView, Ledger, Next, SnapshotError, StalledCommand, command_name},
    manager::{Metadata, OnRoutingError, ProcessManager, RouteKind, RoutingError},
};

/// Failures that no process manager wants: they mean that its code is wrong.
const WRONG: [&str; 7] = [
    failure_code::PANICKED,
    failure_code::UNSERIALIZABLE,
    failure_code::STATE_UNREADABLE,
    failure_code::TOO_LARGE,
    failure_code::COMMANDS_CHANGED,
    failure_code::INVALID_TIMER,
    failure_code::UNREADABLE,
];

/// An instance, and what the subscriptions know about it.
#[derive(Debug, Clone)]
pub(super) struct Process<M: ProcessManager> {
    pub(super) instance: Option<Instance<M>>,
    pub(super) next: Option<Next<M::Command>>,
    /// How many of its events were delivered, by log.
    pub(super) delivered: BTreeMap<String, usize>,
    /// Whether the receiver of its command stays away.
    pub(super) is_stuck: bool,
    pub(super) is_given_up: bool,
    /// The instance as the next run gets it, if it has changed.
    carried: String,
    digest: u64,
}

/// The result of a delivery.
pub(super) enum Delivered {
    Yes,
    /// Later.
    NotYet,
    /// Not until an operator resumes the subscription.
    Stopped,
}

impl<M: ProcessManager> Process<M> {
    pub(super) fn new() -> Self {
        Self {
            instance: None,
            next: None,
            delivered: BTreeMap::new(),
            is_stuck: false,
            is_given_up: false,
            carried: String::new(),
            digest: 0,
        }
    }

    pub(super) fn runs(&self) -> bool {
        self.instance.is_some() && !matches!(self.next, Some(Next::End(_)))
    }

    pub(super) fn parked(&self) -> Option<&str> {
        self.instance.as_ref()?.parked().map(|failure| failure.code.as_str())
    }

    /// Returns whether an event is being handled: a command or a pause comes next.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.next, Some(Next::Dispatch(_) | Next::WaitUntil(_)))
    }

    /// Returns when it has to be woken.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        match self.next.as_ref()? {
            Next::Wait(timer) => timer.as_ref().map(|timer| timer.due_at),
            Next::WaitUntil(time) => Some(*time),
            _ => None,
        }
    }

    pub(super) fn view(&self, now: DateTime<Utc>) -> Option<InstanceView> {
        let mut view = self.instance.as_ref()?.view();
        if let Some(Next::Dispatch(dispatch)) = self.next.as_ref().filter(|_| self.is_stuck) {
            let command = command_name(&dispatch.outgoing.command);
            view.stalled = Some(StalledCommand { command, detail: "its receiver stays away".to_owned(), since: now });
        }
        Some(view)
    }

    /// Delivers an event as the host does, to the instance that runs or to a new one.
    pub(super) fn deliver(&mut self, id: &str, delivery: Delivery, settings: &Value) -> Delivered {
        let ledger = self.instance.as_ref().map(|it| it.ledger().clone()).unwrap_or_default();
        let has_accepted = ledger.has_accepted(&delivery);
        let strict = match delivery.kind {
            RouteKind::StartStrict if self.runs() => {
                let ends = self.instance.as_ref().is_some_and(|instance| instance.view().ends_next);
                Some(RoutingError::AlreadyStarted(id.to_owned())).filter(|_| !ends)
            }
            RouteKind::ContinueStrict if !self.runs() => Some(RoutingError::NotStarted(id.to_owned())),
            RouteKind::Stop if !self.runs() => return Delivered::Yes,
            _ => None,
        };
        if has_accepted {
            return Delivered::Yes;
        }
        if let Some(error) = strict {
            return match M::on_routing_error(&error, &Metadata::from(&delivery.event), 1) {
                OnRoutingError::Skip => Delivered::Yes,
                OnRoutingError::Stop => Delivered::Stopped,
                OnRoutingError::Retry | OnRoutingError::RetryAfter(_) => Delivered::NotYet,
            };
        }
        if !self.runs() {
            self.begin(id, ledger, settings);
        }
        if let Some(instance) = &mut self.instance {
            instance.deliver(delivery);
        }
        Delivered::Yes
    }

    fn begin(&mut self, id: &str, ledger: Ledger, settings: &Value) {
        self.next = None;
        self.is_given_up = false;
        self.is_stuck = false;
        self.instance = Some(Instance::new(id, M::VERSION, ledger).with_settings(settings.clone()));
    }

    /// Does everything that needs nothing from outside.
    pub(super) fn settle(&mut self, now: DateTime<Utc>, log: &[Rc<Recorded>]) -> Result<(), String> {
        let Some(instance) = &mut self.instance else { return Ok(()) };
        let next = loop {
            match instance.advance(now) {
                Next::Fetch(asked) => {
                    let is_asked = |it: &&Rc<Recorded>| {
                        it.event.logid == asked.log && asked.positions.contains(&it.event.sequence)
                    };
                    let found = log.iter().filter(is_asked).map(|it| it.event.clone()).collect();
                    instance.fetched(Ok(found), now);
                }
                next => break next,
            }
        };
        self.next = Some(next);
        if let Some(failure) = instance.parked().filter(|failure| WRONG.contains(&failure.code.as_str())) {
            return Err(format!("no step of its code fails: {}, {}", failure.code, failure.detail));
        }
        let carried = instance.snapshot().and_then(|it| serde_json::to_string(&it).map_err(SnapshotError::State));
        self.carried = carried.map_err(|error| format!("it can be handed over: {}", error_chain(&error)))?;
        let mut hasher = DefaultHasher::new();
        self.carried.hash(&mut hasher);
        self.digest = hasher.finish();
        Ok(())
    }

    /// Goes on as another run does, with what JSON gives back.
    pub(super) fn hand_over(&mut self) -> Result<(), String> {
        let carried = std::mem::take(&mut self.carried);
        let is_done = carried.is_empty() || matches!(self.next, Some(Next::End(_)));
        let Some(instance) = self.instance.as_mut().filter(|_| !is_done) else { return Ok(()) };
        let carried = serde_json::from_str(&carried).map_err(SnapshotError::State);
        let next = carried
            .and_then(|carried| Instance::resume(instance.id(), M::VERSION, carried))
            .map_err(|error| format!("it can be handed over: {}", error_chain(&error)))?;
        if let Some(why) = next.unreadable() {
            return Err(format!("it can be handed over: {why}"));
        }
        *instance = next.with_settings(instance.settings().clone());
        Ok(())
    }

    pub(super) fn hash_into(&self, hasher: &mut DefaultHasher) {
        (self.digest, &self.delivered, self.is_stuck, self.is_given_up, self.runs()).hash(hasher);
    }
}
