//! Runs an instance as a worker does, with a clock and answers of the test's own.

use std::{fmt::Debug, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use process_manager_wire::{CloudEvent, Position, error_chain, tagged};
use serde::Serialize;
use serde_json::Value;

use crate::{
    failure_code,
    instance::{Delivery, Instance, Ledger, Next, Signalled, SnapshotError},
    manager::{Error, Metadata, ProcessManager, RouteKind, Routed, RoutingError, route},
};

/// With more commands and waits for one event, the run counts as an endless loop.
const MOST_STEPS: usize = 1_000;

pub(super) type Answer<M> = dyn Fn(&<M as ProcessManager>::Command) -> Result<(), Error<<M as ProcessManager>::Error>>;

/// Answers questions with events, each as its type and its data.
pub(super) type Questions<M> = dyn Fn(&<M as ProcessManager>::Command) -> (String, Value);

/// An instance, and what it has done since the last step of the test.
pub(super) struct Run<M: ProcessManager> {
    pub(super) instance: Option<Instance<M>>,
    pub(super) id: Option<String>,
    pub(super) now: DateTime<Utc>,
    /// The position of the last event.
    pub(super) position: Position,
    /// How many events it was told directly.
    pub(super) told: Position,
    pub(super) answer: Box<Answer<M>>,
    pub(super) metadata: Box<dyn Fn(&mut Metadata)>,
    pub(super) settings: Value,
    pub(super) questions: Box<Questions<M>>,
    pub(super) sent: Vec<M::Command>,
    pub(super) pauses: Vec<TimeDelta>,
}

impl<M: ProcessManager> Run<M> {
    #[track_caller]
    pub(super) fn deliver(&mut self, event: &M::Event) -> Result<(), RoutingError<M::Error>>
    where
        M::Event: Serialize,
    {
        let event = self.cloud_event(event);
        let Routed::To(kind, ids) = route::<M>(&event)? else { return Ok(()) };
        let id = self.id.get_or_insert_with(|| ids.first().cloned().unwrap_or_default()).clone();
        if ids.contains(&id) {
            let settings = self.settings.clone();
            let new = || Instance::new(id, M::VERSION, Ledger::default()).with_settings(settings);
            let instance = self.instance.get_or_insert_with(new);
            instance.deliver(Delivery::new(event, kind));
            self.settle();
        }
        Ok(())
    }

    #[track_caller]
    pub(super) fn instruct(&mut self, instruction: &M::Event)
    where
        M::Event: Serialize,
    {
        let Some((kind, data)) = tagged(instruction) else {
            panic!("{instruction:?} is no enum tagged with type and data");
        };
        let Some(instance) = &mut self.instance else { panic!("no event has reached an instance") };
        if let Err(rejected) = instance.instruct(&kind, data, self.now) {
            panic!("the instruction is not taken: {rejected}");
        }
        self.settle();
    }

    /// Does something to the instance from outside, and goes on.
    #[track_caller]
    pub(super) fn decide(&mut self, decision: impl FnOnce(&mut Instance<M>, DateTime<Utc>) -> Signalled) {
        let Some(instance) = &mut self.instance else { panic!("no event has reached an instance") };
        assert_eq!(decision(instance, self.now), Signalled::Counted, "the instance is not parked");
        self.settle();
    }

    /// Delivers an event that a batch sends to this instance alone.
    #[track_caller]
    pub(super) fn tell(&mut self, event: &M::Event)
    where
        M::Event: Serialize,
    {
        let position = self.position;
        let event = self.cloud_event(event);
        // It is in no log.
        self.position = position;
        self.told += 1;
        let (id, logid) = (format!("told-{}", self.told), "batch/test".to_owned());
        let event = CloudEvent { id, logid, sequence: self.told, ..event };
        let Some(instance) = &mut self.instance else { panic!("no event has reached an instance") };
        instance.deliver(Delivery::new(event, RouteKind::Continue));
        self.settle();
    }

    /// Handles the timers that become due, each at its time.
    #[track_caller]
    pub(super) fn advance(&mut self, by: Duration) {
        let until = TimeDelta::from_std(by).ok().and_then(|by| self.now.checked_add_signed(by));
        let until = until.unwrap_or(DateTime::<Utc>::MAX_UTC);
        for _ in 0..MOST_STEPS {
            match self.settle().filter(|due| *due <= until) {
                Some(due) => self.now = due,
                None => {
                    self.now = self.now.max(until);
                    return;
                }
            }
        }
        panic!("the timers do not come to an end");
    }

    #[track_caller]
    fn cloud_event(&mut self, event: &M::Event) -> CloudEvent
    where
        M::Event: Serialize,
    {
        self.position += 1;
        let event = recorded(event, self.position, self.now);
        let mut metadata = Metadata::from(&event);
        (self.metadata)(&mut metadata);
        CloudEvent {
            id: metadata.id,
            source: metadata.source,
            kind: metadata.kind,
            subject: metadata.subject,
            time: metadata.time,
            sequence: metadata.position,
            correlationid: metadata.correlation_id,
            causationid: metadata.causation_id,
            logid: metadata.log,
            ..event
        }
    }

    /// Goes on as another run does, with what JSON gives back.
    #[track_caller]
    fn hand_over(&mut self) {
        let Some(instance) = &mut self.instance else { return };
        if let Some(failure) = instance.parked().filter(|failure| failure.code == failure_code::UNSERIALIZABLE) {
            panic!("the instance cannot go on: {}", failure.detail);
        }
        let carried = instance.snapshot().and_then(|snapshot| {
            let text = serde_json::to_string(&snapshot).map_err(SnapshotError::State)?;
            let next = serde_json::from_str(&text).map_err(SnapshotError::State)?;
            Ok(Instance::resume(instance.id(), M::VERSION, next)?.with_settings(instance.settings().clone()))
        });
        match carried {
            Ok(next) if next.unreadable().is_none() => *instance = next,
            Ok(next) => panic!("the instance cannot be handed over: {}", next.unreadable().unwrap_or_default()),
            Err(error) => panic!("the instance cannot be handed over: {}", error_chain(&error)),
        }
    }

    /// Does everything that can be done now, and returns the time of the first timer.
    #[track_caller]
    fn settle(&mut self) -> Option<DateTime<Utc>> {
        let instance = self.instance.as_mut()?;
        for _ in 0..MOST_STEPS {
            let first_due = match instance.advance(self.now) {
                Next::Wait(first) => first.map(|timer| timer.due_at),
                // Nothing is fetched again if no run hands over to another.
                Next::Fetch(_) | Next::End(_) => None,
                Next::WaitUntil(time) => {
                    self.pauses.push(time - self.now);
                    self.now = time;
                    continue;
                }
                Next::Dispatch(dispatch) => {
                    let command = dispatch.outgoing.command;
                    match (self.answer)(&command) {
                        Ok(()) if M::is_question(&command) => {
                            let (kind, data) = (self.questions)(&command);
                            instance.answered_with(&kind, data, self.now);
                        }
                        answer => instance.answered(answer, self.now),
                    }
                    self.sent.push(command);
                    continue;
                }
            };
            self.hand_over();
            return first_due;
        }
        panic!("the instance does not come to an end: {:?}", instance.view());
    }
}

/// Returns an event as it is in the test's log.
#[track_caller]
pub(super) fn recorded<E: Serialize + Debug>(event: &E, position: Position, now: DateTime<Utc>) -> CloudEvent {
    let Some((kind, data)) = tagged(event) else {
        panic!("{event:?} is no enum tagged with type and data");
    };
    CloudEvent {
        specversion: "1.0".to_owned(),
        id: format!("event-{position}"),
        source: "/test".to_owned(),
        kind,
        subject: "test".to_owned(),
        time: now,
        datacontenttype: "application/json".to_owned(),
        sequence: position,
        correlationid: "correlation".to_owned(),
        causationid: "causation".to_owned(),
        logid: "test".to_owned(),
        data,
    }
}
