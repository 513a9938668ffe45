//! Tests a process manager without a server: given events, when an event comes, then commands.
//!
//! ```
//! # use process_manager::{manager::*, testing::given};
//! # use serde::{Serialize, Deserialize};
//! # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
//! # #[serde(tag = "type", content = "data")]
//! # enum Event { Ordered { order: String }, Paid { order: String } }
//! # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
//! # #[serde(tag = "type", content = "data")]
//! # enum Command { Charge { order: String }, Ship { order: String } }
//! # #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
//! # struct Shipping;
//! # impl ProcessManager for Shipping {
//! #     const NAME: &'static str = "Shipping";
//! #     type Event = Event;
//! #     type Command = Command;
//! #     type Error = std::convert::Infallible;
//! #     fn route(event: &Event, _: &Metadata) -> Result<Route, Self::Error> {
//! #         let (Event::Ordered { order } | Event::Paid { order }) = event;
//! #         Ok(Route::start(order))
//! #     }
//! #     fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Self::Error> {
//! #         Ok(match event {
//! #             Event::Ordered { order } => Command::Charge { order: order.clone() }.into(),
//! #             Event::Paid { order } => Command::Ship { order: order.clone() }.into(),
//! #         })
//! #     }
//! #     fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Self::Error> { Ok(()) }
//! # }
//! let order = || "O-1".to_owned();
//! given::<Shipping>([Event::Ordered { order: order() }])
//!     .when(Event::Paid { order: order() })
//!     .then([Command::Ship { order: order() }]);
//! ```
//! Between events the instance is written as JSON and read again, as it is when a run hands over to the next one. The
//! clock stands still; it jumps where an instance waits for a retry. A test can set the clock and the event's metadata,
//! and [`advance`](Scenario::advance) the clock, which handles the timers that become due. What follows can go on with
//! another event or another advance.

mod outcome;

use std::{fmt::Debug, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use process_manager_wire::{CloudEvent, Position, error_chain, tagged};
use serde::Serialize;
use serde_json::Value;

pub use self::outcome::Outcome;
use crate::{
    failure_code,
    instance::{Delivery, Instance, Ledger, Next, SnapshotError},
    manager::{Error, Metadata, ProcessManager, Refusal, Routed, RoutingError, route},
};

/// More commands and waits for one event are taken for a loop without end.
const MOST_STEPS: usize = 1_000;

/// A process manager's instance, with what it meets.
pub struct Scenario<M: ProcessManager> {
    id: Option<String>,
    now: DateTime<Utc>,
    answer: Box<Answer<M>>,
    metadata: Box<dyn Fn(&mut Metadata)>,
    given: Vec<M::Event>,
    settings: Value,
}

type Answer<M> = dyn Fn(&<M as ProcessManager>::Command) -> Result<(), Error<<M as ProcessManager>::Error>>;

/// An instance that has handled these events, each command accepted.
#[must_use]
pub fn given<M>(events: impl IntoIterator<Item = M::Event>) -> Scenario<M>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    Scenario {
        id: None,
        now: DateTime::UNIX_EPOCH + TimeDelta::days(365 * 50),
        answer: Box::new(|_| Ok(())),
        metadata: Box::new(|_| ()),
        given: events.into_iter().collect(),
        settings: Value::Null,
    }
}

impl<M> Scenario<M>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    /// The instance that is looked at; by default the first to which an event is routed.
    #[must_use]
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The time.
    #[must_use]
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        self
    }

    /// Sets the answer to the commands of what follows; all are accepted by default.
    #[must_use]
    pub fn answering(mut self, answer: impl Fn(&M::Command) -> Result<(), Error<M::Error>> + 'static) -> Self {
        self.answer = Box::new(answer);
        self
    }

    /// The commands of what follows for which this is true are refused with this code.
    #[must_use]
    pub fn refusing(self, code: &'static str, which: impl Fn(&M::Command) -> bool + 'static) -> Self {
        let refusal = || Refusal { code: code.to_owned(), detail: "as the test wants it".to_owned() };
        self.answering(move |command| if which(command) { Err(Error::Refused(refusal())) } else { Ok(()) })
    }

    /// Sets the settings that the worker has for the process manager, as JSON.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// Changes what is known about the events.
    #[must_use]
    pub fn metadata(mut self, change: impl Fn(&mut Metadata) + 'static) -> Self {
        self.metadata = Box::new(change);
        self
    }

    /// Delivers the event, after everything that was given before it.
    ///
    /// # Panics
    /// When an event is no enum tagged with `type` and `data`, or does not come to an end; when JSON cannot hold the state
    /// or a command, so that the instance could not go on in another run.
    #[must_use]
    #[track_caller]
    pub fn when(self, event: M::Event) -> Outcome<M> {
        self.begun().when(event)
    }

    /// Delivers everything that was given, and then lets so much time pass: the timers that become due are handled, each
    /// at its time.
    ///
    /// # Panics
    /// As [`Self::when`].
    #[must_use]
    #[track_caller]
    pub fn advance(self, by: Duration) -> Outcome<M> {
        self.begun().advance(by)
    }

    #[track_caller]
    fn begun(self) -> Outcome<M> {
        let Self { id, now, answer, metadata, given, settings } = self;
        let mut run = Run {
            instance: None,
            id,
            now,
            position: 0,
            answer: Box::new(|_| Ok(())),
            metadata,
            settings,
            sent: Vec::new(),
            pauses: Vec::new(),
        };
        let mut routed = Ok(());
        for event in &given {
            routed = routed.and(run.deliver(event));
        }
        run.answer = answer;
        Outcome { run, routing_error: routed.err() }
    }
}

/// An instance, and what it has done since the last step of the test.
struct Run<M: ProcessManager> {
    instance: Option<Instance<M>>,
    id: Option<String>,
    now: DateTime<Utc>,
    /// Of the last event.
    position: Position,
    answer: Box<Answer<M>>,
    metadata: Box<dyn Fn(&mut Metadata)>,
    settings: Value,
    sent: Vec<M::Command>,
    pauses: Vec<TimeDelta>,
}

impl<M: ProcessManager> Run<M> {
    #[track_caller]
    fn deliver(&mut self, event: &M::Event) -> Result<(), RoutingError<M::Error>>
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
    fn instruct(&mut self, instruction: &M::Event)
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

    /// Handles the timers that become due, each at its time.
    #[track_caller]
    fn advance(&mut self, by: Duration) {
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
        let position = self.position;
        let Some((kind, data)) = tagged(event) else {
            panic!("{event:?} is no enum tagged with type and data");
        };
        let mut metadata = Metadata {
            id: format!("event-{position}"),
            kind,
            source: "/test".to_owned(),
            subject: "test".to_owned(),
            time: self.now,
            position,
            log: "test".to_owned(),
            correlation_id: "correlation".to_owned(),
            causation_id: "causation".to_owned(),
        };
        (self.metadata)(&mut metadata);
        CloudEvent {
            specversion: "1.0".to_owned(),
            id: metadata.id,
            source: metadata.source,
            kind: metadata.kind,
            subject: metadata.subject,
            time: metadata.time,
            datacontenttype: "application/json".to_owned(),
            sequence: metadata.position,
            correlationid: metadata.correlation_id,
            causationid: metadata.causation_id,
            logid: metadata.log,
            data,
        }
    }

    /// Goes on as another run does: with what JSON gives back.
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

    /// Does all that can be done now, and returns the time of the first timer.
    #[track_caller]
    fn settle(&mut self) -> Option<DateTime<Utc>> {
        let instance = self.instance.as_mut()?;
        for _ in 0..MOST_STEPS {
            let first_due = match instance.advance(self.now) {
                Next::Wait(first) => first.map(|timer| timer.due_at),
                // Nothing is fetched again where no run hands over to another.
                Next::Fetch(_) | Next::End(_) => None,
                Next::WaitUntil(time) => {
                    self.pauses.push(time - self.now);
                    self.now = time;
                    continue;
                }
                Next::Dispatch(dispatch) => {
                    let answered = (self.answer)(&dispatch.outgoing.command);
                    self.sent.push(dispatch.outgoing.command);
                    instance.answered(answered, self.now);
                    continue;
                }
            };
            self.hand_over();
            return first_due;
        }
        panic!("the instance does not come to an end: {:?}", instance.view());
    }
}

impl<M: ProcessManager> Debug for Scenario<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scenario").field("given", &self.given).field("now", &self.now).finish_non_exhaustive()
    }
}
