//! The logs of the services: the recorded events, and where they go.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use process_manager_wire::{CloudEvent, Position};

use super::{
    model::Model,
    parts::{Recorded, Stopped},
    process::Process,
    state::State,
};
use crate::{
    instance::Delivery,
    manager::{Metadata, OnRoutingError, ProcessManager, RouteKind, Routed, RoutingError, route},
};

impl<M: ProcessManager, W> State<M, W> {
    pub(super) fn record(&mut self, model: &Model<M, W>, event: &M::Event) -> Result<(), String> {
        let cloud_event = model.cloud_event(event, self.now, |log| self.length(log));
        self.append(cloud_event, (model.is_repeated)(event))
    }

    fn length(&self, log: &str) -> Position {
        Position::try_from(self.log.iter().filter(|it| it.event.logid == log).count()).unwrap_or(Position::MAX)
    }

    /// Records the event at this index once more.
    pub(super) fn repeat(&mut self, index: usize) -> Result<(), String> {
        let Some(first) = self.log.get(index).cloned() else { return Ok(()) };
        self.repeated.insert(index);
        let position = 1 + self.length(&first.event.logid);
        let id = format!("event-{position}");
        self.append(CloudEvent { id, sequence: position, time: self.now, ..first.event.clone() }, false)
    }

    fn append(&mut self, event: CloudEvent, may_repeat: bool) -> Result<(), String> {
        let (kind, ids) = match route::<M>(&event) {
            Ok(Routed::To(kind, ids)) => (kind, ids),
            Ok(Routed::PassedOver) => (RouteKind::Start, Vec::new()),
            Err(RoutingError::Panicked(why)) => {
                return Err(format!("no step of its code fails: route panicked, {why}"));
            }
            Err(error) => {
                if M::on_routing_error(&error, &Metadata::from(&event), 1) != OnRoutingError::Skip {
                    let stopped = Stopped { at: event.sequence, may_resume: false };
                    self.stopped.entry(event.logid.clone()).or_insert(stopped);
                }
                (RouteKind::Start, Vec::new())
            }
        };
        for id in &ids {
            self.processes.entry(Rc::from(id.as_str())).or_insert_with(|| Rc::new(Process::new()));
        }
        let mut hasher = DefaultHasher::new();
        (&event.logid, &event.kind, event.time, event.data.to_string()).hash(&mut hasher);
        self.log.push(Rc::new(Recorded { digest: hasher.finish(), event, kind, ids, may_repeat }));
        Ok(())
    }

    /// Returns the events of a log that go to this instance.
    fn routed<'a>(&'a self, id: &'a str, log: &'a str) -> impl Iterator<Item = &'a Rc<Recorded>> {
        self.log.iter().filter(move |it| it.event.logid == log && it.ids.iter().any(|to| to == id))
    }

    /// Returns the next event of the log for this instance, unless the subscription has stopped before it.
    pub(super) fn next_delivery(&self, id: &str, log: &str) -> Option<Delivery> {
        let delivered = self.processes.get(id)?.delivered.get(log).copied().unwrap_or_default();
        let recorded = self.routed(id, log).nth(delivered)?;
        let is_read = self.stopped.get(log).is_none_or(|stopped| recorded.event.sequence < stopped.at);
        is_read.then(|| Delivery::new(recorded.event.clone(), recorded.kind))
    }

    /// Returns the logs that have more events for this instance.
    pub(super) fn logs_with_more(&self, id: &str) -> Vec<String> {
        let mut logs: Vec<_> = self.log.iter().map(|it| it.event.logid.as_str()).collect();
        logs.sort_unstable();
        logs.dedup();
        logs.into_iter().filter(|log| self.next_delivery(id, log).is_some()).map(str::to_owned).collect()
    }

    /// Checks that events that are delivered again, as from the origin of their logs, count once.
    pub(super) fn check_redeliveries(&self, id: &str) -> Result<(), String> {
        let Some((process, instance)) = self.processes.get(id).and_then(|it| Some((it, it.instance.as_ref()?))) else {
            return Ok(());
        };
        for (log, delivered) in &process.delivered {
            for again in self.routed(id, log).take(*delivered).filter(|it| it.kind != RouteKind::Stop) {
                let again = Delivery::new(again.event.clone(), again.kind);
                let is_strict = matches!(again.kind, RouteKind::StartStrict | RouteKind::ContinueStrict);
                if !is_strict && !instance.ledger().has_accepted(&again) {
                    return Err(format!("an event that is delivered again counts once: {}", again.event.id));
                }
            }
        }
        Ok(())
    }
}
