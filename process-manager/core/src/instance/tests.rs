//! Step-by-step tests of the instance, for what the test kit and the scenarios cannot see.

mod decisions;
mod forged;
mod limits;
mod readable;
mod script;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::manager::{
    Commands, Context, Error, Failure, Metadata, OnError, Outgoing, Refusal, Route, RouteKind, sample,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Happened { commands: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Do { label: String },
}

#[derive(Debug, thiserror::Error)]
#[error("it cannot be migrated")]
struct Fails;

/// Counts what it has applied; always retries refusals, but panics when `panic` is refused.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Counter {
    applied: u32,
}

impl ProcessManager for Counter {
    const NAME: &'static str = "Counter";
    const VERSION: u32 = 3;
    type Event = Event;
    type Command = Command;
    type Error = Fails;

    fn route(_: &Event, _: &Metadata) -> Result<Route, Fails> {
        Ok(Route::start("a"))
    }

    fn handle(&self, Event::Happened { commands }: &Event, _: &Context<'_>) -> Result<Commands<Command>, Fails> {
        Ok(commands.iter().map(|label| Command::Do { label: label.clone() }).collect())
    }

    fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Fails> {
        self.applied += 1;
        Ok(())
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        match &failure {
            Failure::Command(failed) if *failed.command() == (Command::Do { label: "panic".to_owned() }) => {
                panic!("as it should")
            }
            _ => failure.retry(Value::Null),
        }
    }

    fn migrate(version: u32, state: Value) -> Result<Value, Fails> {
        match version {
            1 => Ok(json!({"applied": state["count"]})),
            _ => Err(Fails),
        }
    }
}

fn now() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn queued(position: i64, commands: &[&str]) -> Delivery {
    Delivery::new(sample::event(position, "Happened", json!({"commands": commands})), RouteKind::Start)
}

fn instance() -> Instance<Counter> {
    Instance::new("a", Counter::VERSION, Ledger::default())
}

fn label(next: Next<Command>) -> (String, String) {
    let Next::Dispatch(Dispatch { outgoing: Outgoing { command: Command::Do { label }, .. }, idempotency_key, .. }) =
        next
    else {
        panic!("nothing is to be dispatched: {next:?}");
    };
    (label, idempotency_key)
}

fn refused() -> Result<(), Error<Fails>> {
    Err(Error::Refused(Refusal { code: "no".to_owned(), detail: "no".to_owned() }))
}

#[test]
fn an_instance_that_is_carried_over_goes_on_where_it_was() {
    let mut first = instance();
    assert!(first.deliver(queued(1, &["x", "y"])));
    assert!(first.deliver(queued(2, &["z"])));
    assert_eq!(label(first.advance(now())).0, "x");
    first.answered(Ok(()), now());
    let carried: Snapshot = serde_json::from_value(serde_json::to_value(first.snapshot().unwrap()).unwrap()).unwrap();
    let mut second = Instance::<Counter>::resume("a", Counter::VERSION, carried).unwrap();
    assert!(!second.deliver(queued(2, &["z"])), "it has been here");
    assert_eq!(label(second.advance(now())), ("y".to_owned(), "Counter/a/log/e1/1".to_owned()));
    second.answered(Ok(()), now());
    assert_eq!(label(second.advance(now())), ("z".to_owned(), "Counter/a/log/e2/0".to_owned()));
    second.answered(Ok(()), now());
    assert_eq!(second.advance(now()), Next::Wait(None));
    assert_eq!(second.view().state, json!({"applied": 2}));
    assert!(second.ledger().has_handled("log", 2));
}

#[test]
fn events_of_one_id_in_two_logs_have_commands_of_their_own_keys() {
    let mut instance = instance();
    let mut other = queued(1, &["y"]);
    other.event.logid = "other".to_owned();
    instance.deliver(queued(1, &["x"]));
    instance.deliver(other);
    assert_eq!(label(instance.advance(now())), ("x".to_owned(), "Counter/a/log/e1/0".to_owned()));
    instance.answered(Ok(()), now());
    assert_eq!(label(instance.advance(now())), ("y".to_owned(), "Counter/a/other/e1/0".to_owned()));
}

#[test]
fn an_instance_keeps_the_form_of_keys_with_which_it_began() {
    let mut first = instance().with_keys(KeyForm::Short);
    first.deliver(queued(1, &["x"]));
    assert_eq!(label(first.advance(now())), ("x".to_owned(), "a/e1/0".to_owned()));
    first.answered(refused(), now());
    first.park("no", "no".to_owned(), None, now());
    assert_eq!(first.acknowledge(None), Signalled::Counted);
    first.deliver(queued(2, &["y"]));
    assert_eq!(label(first.advance(now())), ("y".to_owned(), "a/e2/0".to_owned()), "begun afresh in the same run");
}

#[test]
fn a_state_of_an_older_version_is_migrated_or_parked_and_a_newer_one_waits_for_its_code() {
    let mut old = instance();
    old.deliver(queued(1, &[]));
    old.advance(now());
    let mut carried = serde_json::to_value(old.snapshot().unwrap()).unwrap();
    (carried["version"], carried["state"]) = (json!(1), json!({"count": 7}));
    let resume = |carried: &Value, version| {
        Instance::<Counter>::resume("a", version, serde_json::from_value(carried.clone()).unwrap())
    };
    assert_eq!(resume(&carried, 3).unwrap().view().state, json!({"applied": 7}));
    assert_eq!(
        resume(&carried, 4).unwrap_err().to_string(),
        "this is version 3 of the process manager, and the instance's is 4"
    );
    carried["version"] = json!(2);
    let mut held = resume(&carried, 3).unwrap();
    assert_eq!(held.advance(now()), Next::Wait(None));
    let failure = held.parked().unwrap();
    assert_eq!(failure.code, "state-unreadable");
    assert_eq!(failure.detail, "the state of version 2 cannot be migrated: it cannot be migrated");
}

#[test]
fn a_retry_without_a_delay_gets_a_pause_that_grows_before_it_spins() {
    let mut instance = instance();
    instance.deliver(queued(1, &["x"]));
    let mut time = now();
    let mut pauses = Vec::new();
    for _ in 0..16 {
        let next = match instance.advance(time) {
            Next::WaitUntil(until) => {
                pauses.push((until - time).to_std().unwrap());
                time = until;
                instance.advance(time)
            }
            next => next,
        };
        assert_eq!(label(next), ("x".to_owned(), "Counter/a/log/e1/0".to_owned()));
        instance.answered(refused(), time);
    }
    let expected = [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000].map(Duration::from_millis);
    assert_eq!(pauses, expected);
}

#[test]
fn an_error_function_that_panics_parks_the_instance() {
    let mut instance = instance();
    instance.deliver(queued(1, &["panic"]));
    instance.advance(now());
    instance.answered(refused(), now());
    let failure = instance.parked().unwrap();
    assert_eq!(failure.code, "panicked");
    assert!(failure.detail.contains("on_error panicked: as it should"), "{}", failure.detail);
    assert!(failure.detail.contains("refused (no): no"), "{}", failure.detail);
    assert_eq!(instance.advance(now()), Next::Wait(None));
}

#[test]
fn an_event_that_cannot_be_read_any_more_parks_the_instance() {
    let mut instance = instance();
    let unreadable = sample::event(1, "Happened", json!({"commands": 7}));
    instance.deliver(Delivery::new(unreadable, RouteKind::Start));
    assert_eq!(instance.advance(now()), Next::Wait(None));
    assert_eq!(instance.parked().unwrap().code, "unreadable");
    assert_eq!(instance.acknowledge(Some("a/2")), Signalled::Ignored);
    assert_eq!(instance.acknowledge(Some("a/1")), Signalled::Counted);
    assert_eq!(instance.advance(now()), Next::End(Ended::Acknowledged));
}
