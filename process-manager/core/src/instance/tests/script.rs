//! A process manager that does what its events say.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::*;
use crate::manager::{
    Commands, Context, Error, Failure, FailureContext, Metadata, OnError, Refusal, Route, RouteKind, sample,
};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Step {
    /// Its commands: each has this many bytes, and its number.
    pub(super) commands: Vec<usize>,
    /// The state becomes this text, this many times.
    pub(super) text: String,
    pub(super) times: usize,
    /// The answer to a failure.
    pub(super) answer: Answer,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    #[default]
    Stop,
    SkipEvent,
    /// A command of this many bytes in place of the failed one.
    Replace(usize),
    /// Makes three attempts, counted by the carried value.
    ThreeTimes,
    /// Carries this many bytes.
    Carry(usize),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Event {
    Happened(Step),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Command {
    Do { number: usize, padding: String },
}

impl Command {
    fn of(number: usize, bytes: usize) -> Self {
        Self::Do { number, padding: "x".repeat(bytes) }
    }
}

/// Today's code, and the code that replaces it.
macro_rules! script {
    ($type:ident, $command:expr, $apply:expr) => {
        #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
        pub(super) struct $type {
            pub(super) text: String,
        }

        impl ProcessManager for $type {
            const NAME: &'static str = "Script";
            type Event = Event;
            type Command = Command;
            type Error = Infallible;

            fn route(_: &Event, _: &Metadata) -> Result<Route, Infallible> {
                Ok(Route::start("a"))
            }

            fn handle(&self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
                let command: fn((usize, &usize)) -> Command = $command;
                Ok(step.commands.iter().enumerate().map(command).collect())
            }

            fn apply(&mut self, Event::Happened(step): &Event, _: &Context<'_>) -> Result<(), Infallible> {
                let apply: fn(&mut Self, &Step) = $apply;
                apply(self, step);
                Ok(())
            }

            fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
                on_error(&failure)
            }
        }
    };
}

script!(Script, |(number, bytes)| Command::of(number, *bytes), |state, step| state.text = step.text.repeat(step.times));
script!(Changed, |(number, _)| Command::of(number, 1), |state, step| state.text.clone_from(&step.text));

fn on_error<M: ProcessManager<Event = Event, Command = Command>>(failure: &Failure<'_, M>) -> OnError<Command> {
    let FailureContext { event: Some(Event::Happened(step)), carried, .. } = failure.context() else {
        return failure.stop();
    };
    let attempts = carried.as_u64().unwrap_or_default() + 1;
    match (step.answer, failure) {
        (Answer::SkipEvent, _) => failure.skip_event(),
        (Answer::Replace(bytes), Failure::Command(failed)) => failed.continue_with(Command::of(100, bytes)),
        (Answer::ThreeTimes, _) if attempts < 3 => failure.retry(attempts),
        (Answer::Carry(bytes), _) => failure.retry("x".repeat(bytes)),
        _ => failure.stop(),
    }
}

pub(super) fn now() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub(super) fn delivery(position: i64, kind: RouteKind, step: &Step) -> Delivery {
    Delivery::new(sample::event(position, "Happened", json!(step)), kind)
}

pub(super) fn begun(step: &Step) -> Instance<Script> {
    let mut instance = Instance::new("a", 1, Ledger::default());
    instance.deliver(delivery(1, RouteKind::Start, step));
    instance
}

/// Returns the instance as the next run gets it: what is handed over went through JSON.
pub(super) fn carried<M: ProcessManager, N: ProcessManager>(instance: &Instance<M>) -> (Instance<N>, usize) {
    let text = serde_json::to_string(&instance.snapshot().unwrap()).unwrap();
    let instance = Instance::resume("a", 1, serde_json::from_str(&text).unwrap()).unwrap();
    (instance, text.len())
}

/// Returns the numbers of the commands that are sent until another step comes, and that step.
pub(super) fn run<M>(instance: &mut Instance<M>) -> (Vec<usize>, Next<Command>)
where
    M: ProcessManager<Command = Command>,
{
    let mut sent = Vec::new();
    loop {
        match instance.advance(now()) {
            Next::Dispatch(dispatch) => {
                let Command::Do { number, .. } = dispatch.outgoing.command;
                let key = dispatch.idempotency_key;
                assert!(key.ends_with(&format!("/a/log/e1/{number}")), "{key}");
                sent.push(number);
                instance.answered(Ok(()), now());
            }
            next => return (sent, next),
        }
    }
}

pub(super) fn refuse<M: ProcessManager>(instance: &mut Instance<M>, detail: String, now: DateTime<Utc>) {
    instance.answered(Err(Error::Refused(Refusal { code: "no".to_owned(), detail })), now);
}

pub(super) fn code<M: ProcessManager>(instance: &Instance<M>) -> &str {
    instance.parked().map_or("", |failure| failure.code.as_str())
}

pub(super) fn text<M: ProcessManager>(instance: &Instance<M>) -> Value {
    instance.view().state["text"].clone()
}
