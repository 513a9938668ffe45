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
//! Between events the instance is written as JSON and read again, as when a run hands over to the next one. The clock
//! stands still; it jumps ahead when an instance waits for a retry. A test can set the clock and the event's metadata.
//! [`advance`](Scenario::advance) moves the clock and handles the timers that become due. A test can go on with another
//! event or another advance.
//!
//! [`explore()`] tries everything that can happen to a process manager, and prints what does not hold as such a test.

mod answers;
mod explore;
mod outcome;
mod run;

use std::{fmt::Debug, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

pub use self::{
    answers::{accepted, not_dispatched, refused, timed_out},
    explore::{Exploration, Explore, Explored, Finding, Seen, explore},
    outcome::Outcome,
};
use self::{
    answers::{answering, in_turn},
    run::{Answer, Questions, Run},
};
use crate::manager::{Error, Metadata, ProcessManager, Refusal};

/// The time at which tests begin.
fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(365 * 50)
}

/// A process manager's instance, and what happens to it.
pub struct Scenario<M: ProcessManager> {
    id: Option<String>,
    now: DateTime<Utc>,
    answer: Box<Answer<M>>,
    metadata: Box<dyn Fn(&mut Metadata)>,
    given: Vec<M::Event>,
    settings: Value,
    questions: Box<Questions<M>>,
}

/// Creates an instance that has handled these events, each command accepted.
#[must_use]
pub fn given<M>(events: impl IntoIterator<Item = M::Event>) -> Scenario<M>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    Scenario {
        id: None,
        now: start(),
        answer: Box::new(|_| Ok(())),
        metadata: Box::new(|_| ()),
        given: events.into_iter().collect(),
        settings: Value::Null,
        questions: Box::new(|command| panic!("nobody answers the question {command:?}")),
    }
}

impl<M> Scenario<M>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    /// Sets the instance to look at; by default the first to which an event is routed.
    #[must_use]
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the time.
    #[must_use]
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        self
    }

    /// Sets the answer to all later commands; by default all are accepted.
    #[must_use]
    pub fn answering(mut self, answer: impl Fn(&M::Command) -> Result<(), Error<M::Error>> + 'static) -> Self {
        self.answer = Box::new(answer);
        self
    }

    /// Sets the answers to later commands, one after the other; after that all are accepted.
    #[must_use]
    pub fn answers(mut self, answers: impl IntoIterator<Item = Result<(), Error<M::Error>>>) -> Self {
        self.answer = in_turn::<M>(answers);
        self
    }

    /// Refuses the later commands for which this is true, with this code.
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

    /// Sets the answers to questions, including those of the given events.
    #[must_use]
    pub fn answering_questions(mut self, answer: impl Fn(&M::Command) -> M::Event + 'static) -> Self {
        self.questions = answering::<M>(answer);
        self
    }

    /// Changes the metadata of the events.
    #[must_use]
    pub fn metadata(mut self, change: impl Fn(&mut Metadata) + 'static) -> Self {
        self.metadata = Box::new(change);
        self
    }

    /// Delivers the event, after everything that was given before it.
    ///
    /// # Panics
    /// If an event is not an enum tagged with `type` and `data`, or does not come to an end; if JSON cannot hold the
    /// state or a command, so that the instance could not go on in another run.
    #[must_use]
    #[track_caller]
    pub fn when(self, event: M::Event) -> Outcome<M> {
        self.begun().when(event)
    }

    /// Delivers everything that was given, and then lets this much time pass. Timers that become due are handled, each
    /// at its time.
    ///
    /// # Panics
    /// Same as [`Self::when`].
    #[must_use]
    #[track_caller]
    pub fn advance(self, by: Duration) -> Outcome<M> {
        self.begun().advance(by)
    }

    #[track_caller]
    fn begun(self) -> Outcome<M> {
        let Self { id, now, answer, metadata, given, settings, questions } = self;
        let mut run = Run {
            instance: None,
            id,
            now,
            position: 0,
            told: 0,
            answer: Box::new(|_| Ok(())),
            metadata,
            settings,
            questions,
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

impl<M: ProcessManager> Debug for Scenario<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scenario").field("given", &self.given).field("now", &self.now).finish_non_exhaustive()
    }
}
