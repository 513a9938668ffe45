//! Timers, without a server: scenarios T01, T02 and T04 to T08.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use process_manager::{
    CloudEvent,
    instance::{Delivery, Dispatch, Instance, Ledger, Next, Snapshot},
    limits::{MOST_TIMERS, TIMER_NAME_CHARS, TIMER_PAUSE},
    manager::{Commands, Context, Failure, Metadata, OnError, ProcessManager, Route, RouteKind},
    testing::{Scenario, given},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sets and cancels the timers that an event names, and reports those that are due.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Clock {
    told: Vec<String>,
    failures: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    /// Timers, with the seconds until they are due.
    Set(Vec<(String, u64)>),
    SetAt(String, DateTime<Utc>),
    SetForEver(String),
    Cancel(String),
    Noted(String),
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Tell(String),
}

#[derive(Debug, thiserror::Error)]
#[error("it fails")]
struct Fails;

impl ProcessManager for Clock {
    const NAME: &'static str = "Clock";
    type Event = Event;
    type Command = Command;
    type Error = Fails;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Fails> {
        Ok(if *event == Event::Stopped { Route::stop("a") } else { Route::start("a") })
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Fails> {
        Ok(match event {
            Event::Set(timers) => timers
                .iter()
                .fold(Commands::none(), |to, (name, after)| to.set_timer(name, Duration::from_secs(*after))),
            Event::SetAt(name, at) => Commands::none().set_timer(name, *at),
            Event::SetForEver(name) => Commands::none().set_timer(name, Duration::MAX),
            Event::Cancel(name) => Commands::none().cancel_timer(name),
            Event::Noted(what) => Command::Tell(what.clone()).into(),
            Event::Stopped => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Fails> {
        if let Event::Noted(what) = event {
            self.told.push(what.clone());
        }
        Ok(())
    }

    fn handle_timer(&self, timer: &str, context: &Context<'_>) -> Result<Commands<Command>, Fails> {
        assert_eq!(context.metadata().kind, format!("timer {timer}"));
        let tell = Command::Tell(timer.to_owned());
        match timer {
            "fails" => Err(Fails),
            "again" => Ok(Commands::from(tell).set_timer("again", DAY)),
            "restless" if self.told.len() == 100 => Err(Fails),
            "restless" => Ok(Commands::none().set_timer("restless", at(0))),
            _ => Ok(tell.into()),
        }
    }

    fn apply_timer(&mut self, timer: &str, _: &Context<'_>) -> Result<(), Fails> {
        self.told.push(timer.to_owned());
        Ok(())
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        let context = failure.context();
        match context.timer {
            Some("fails") if context.attempts < 3 => failure.retry_after(Duration::from_secs(1), Value::Null),
            Some("fails") => failure.stop_because("after three attempts"),
            _ => failure.stop(),
        }
    }
}

fn set(timers: &[(&str, u64)]) -> Event {
    Event::Set(timers.iter().map(|(name, after)| ((*name).to_owned(), *after)).collect())
}

fn told(what: &str) -> Command {
    Command::Tell(what.to_owned())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn given_timers(timers: &[(&str, u64)]) -> Scenario<Clock> {
    given([set(timers)])
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

/// Returns an event that was recorded at this second.
fn delivery(position: i64, second: i64, event: &Event) -> Delivery {
    let event = serde_json::to_value(event).unwrap();
    let event = CloudEvent {
        specversion: "1.0".to_owned(),
        id: format!("event-{position}"),
        source: "/test".to_owned(),
        kind: event["type"].as_str().unwrap().to_owned(),
        subject: "a".to_owned(),
        time: at(second),
        datacontenttype: "application/json".to_owned(),
        sequence: position,
        correlationid: "correlation".to_owned(),
        causationid: "causation".to_owned(),
        logid: "log".to_owned(),
        data: event["data"].clone(),
    };
    let kind = if event.kind == "Stopped" { RouteKind::Stop } else { RouteKind::Start };
    Delivery::new(event, kind)
}

fn begun(event: &Event) -> Instance<Clock> {
    let mut instance = Instance::new("a", 1, Ledger::default());
    instance.deliver(delivery(1, 0, event));
    instance
}

/// Returns the instance as the next run gets it.
fn carried(instance: &Instance<Clock>) -> Instance<Clock> {
    let snapshot = serde_json::to_value(instance.snapshot().unwrap()).unwrap();
    Instance::resume("a", 1, serde_json::from_value::<Snapshot>(snapshot).unwrap()).unwrap()
}

fn dispatched(next: Next<Command>) -> Dispatch<Command> {
    let Next::Dispatch(dispatch) = next else { panic!("nothing is to be sent: {next:?}") };
    dispatch
}

fn next_due(next: Next<Command>) -> DateTime<Utc> {
    let Next::Wait(Some(timer)) = next else { panic!("no timer is waited for: {next:?}") };
    timer.due_at
}

#[test]
fn t01_a_timer_is_handled_once_and_not_before_its_time() {
    given_timers(&[("late", 60)])
        .advance(seconds(59))
        .then_no_command()
        .advance(seconds(1))
        .then([told("late")])
        .then_state(&Clock { told: vec!["late".to_owned()], failures: 0 })
        .advance(365 * DAY)
        .then_no_command();
    let noon = DateTime::UNIX_EPOCH + TimeDelta::days(1);
    let at = given::<Clock>([Event::SetAt("noon".to_owned(), noon)]).at(DateTime::UNIX_EPOCH);
    let _ = at.advance(DAY - seconds(1)).then_no_command().advance(seconds(1)).then([told("noon")]);
    let past = given::<Clock>([Event::SetAt("past".to_owned(), DateTime::UNIX_EPOCH)]);
    let _ = past.advance(Duration::ZERO).then_waits().then_state(&Clock { told: vec!["past".to_owned()], failures: 0 });
}

#[test]
fn t01_a_timer_that_sets_itself_for_a_time_that_has_passed_does_not_spin() {
    let mut instance = begun(&set(&[("restless", 10)]));
    assert_eq!(next_due(instance.advance(at(0))), at(10));
    for second in 10..20 {
        assert_eq!(next_due(instance.advance(at(second))), at(second) + TIMER_PAUSE);
    }
    // A run of the release before replays as it went.
    let mut instance = begun(&set(&[("restless", 10)])).with_revision(3);
    assert_eq!(next_due(instance.advance(at(0))), at(10));
    assert!(matches!(instance.advance(at(10)), Next::Wait(None)));
    assert!(instance.parked().is_some());
}

#[test]
fn t01_its_commands_have_stable_keys_and_the_causation_of_the_event_that_set_it() {
    let mut instance = begun(&set(&[("again", 10)]));
    assert_eq!(next_due(instance.advance(at(0))), at(10));
    let first = dispatched(instance.advance(at(10)));
    assert_eq!(first.idempotency_key, "Clock/a/log/event-1/timer/again/1/0");
    assert_eq!((first.correlation_id.as_str(), first.causation_id.as_str()), ("correlation", "event-1"));
    // If a worker dies here, it sends the command again, from this run or the next.
    assert_eq!(dispatched(instance.advance(at(11))).idempotency_key, first.idempotency_key);
    assert_eq!(dispatched(carried(&instance).advance(at(12))).idempotency_key, first.idempotency_key);
    // A timer that is set by a timer has keys of its own.
    instance.answered(Ok(()), at(10));
    let due = next_due(instance.advance(at(10)));
    let second = dispatched(instance.advance(due));
    assert_eq!(second.idempotency_key, "Clock/a/log/event-1/timer/again/2/0");
    assert_eq!(second.causation_id, "event-1");
}

#[test]
fn t02_set_again_it_is_replaced_and_cancelled_it_is_never_handled() {
    let replaced = given_timers(&[("x", 60)]).when(set(&[("x", 600)])).then_timers([("x", seconds(600))]);
    let _ = replaced.advance(seconds(599)).then_no_command().advance(seconds(1)).then([told("x")]);
    let cancelled = given_timers(&[("x", 60), ("y", 60)]).when(Event::Cancel("x".to_owned()));
    let _ = cancelled.then_timers([("y", seconds(60))]).advance(DAY).then([told("y")]);
    let unknown = given::<Clock>([]).when(Event::Cancel("never set".to_owned()));
    let _ = unknown.then_waits();
}

#[test]
fn t02_set_by_a_repeated_event_it_is_handled_once() {
    let mut instance = begun(&set(&[("x", 10)]));
    assert_eq!(next_due(instance.advance(at(0))), at(10));
    assert!(!instance.deliver(delivery(1, 0, &set(&[("x", 10)]))));
    let _ = dispatched(instance.advance(at(10)));
    instance.answered(Ok(()), at(10));
    assert!(!instance.deliver(delivery(1, 0, &set(&[("x", 10)]))));
    assert_eq!(instance.advance(at(11)), Next::Wait(None));
}

#[test]
fn t03_timers_go_on_in_the_next_run() {
    let mut instance = begun(&set(&[("x", 10), ("y", 20)]));
    assert_eq!(next_due(instance.advance(at(0))), at(10));
    let mut next = carried(&instance);
    assert_eq!(next_due(next.advance(at(1))), at(10));
    // Everything was down at its time.
    assert_eq!(dispatched(carried(&next).advance(at(1_000))).outgoing.command, told("x"));
    // An event's timer changes are carried over too while its commands are under way.
    let mut busy = begun(&Event::Noted("first".to_owned()));
    busy.deliver(delivery(2, 0, &set(&[("z", 10)])));
    assert_eq!(dispatched(busy.advance(at(0))).outgoing.command, told("first"));
    let mut busy = carried(&busy);
    busy.answered(Ok(()), at(0));
    assert_eq!(next_due(busy.advance(at(0))), at(10));
    let mut again = begun(&set(&[("again", 10)]));
    let _ = again.advance(at(0));
    let _ = dispatched(again.advance(at(10)));
    let mut again = carried(&again);
    again.answered(Ok(()), at(60));
    assert_eq!(next_due(again.advance(at(60))), at(10) + DAY);
}

#[test]
fn t04_due_while_an_event_is_in_hand_it_waits_its_turn_by_the_time_of_the_events() {
    let mut instance = begun(&set(&[("timer", 10)]));
    assert_eq!(next_due(instance.advance(at(0))), at(10));
    instance.deliver(delivery(2, 5, &Event::Noted("in hand".to_owned())));
    let order = |instance: &mut Instance<Clock>, now: i64| {
        let Command::Tell(what) = dispatched(instance.advance(at(now))).outgoing.command;
        instance.answered(Ok(()), at(now));
        what
    };
    let Command::Tell(in_hand) = dispatched(instance.advance(at(5))).outgoing.command;
    assert_eq!(in_hand, "in hand");
    // Recorded before and after the timer was due; the first is delivered late.
    instance.deliver(delivery(3, 9, &Event::Noted("before".to_owned())));
    instance.deliver(delivery(4, 11, &Event::Noted("after".to_owned())));
    instance.answered(Ok(()), at(60));
    assert_eq!([60, 60, 60].map(|now| order(&mut instance, now)), ["before", "timer", "after"]);
    assert_eq!(instance.advance(at(60)), Next::Wait(None));
}

#[test]
fn t04_due_while_the_instance_is_parked_it_is_handled_after_a_retry() {
    let refused = given_timers(&[("timer", 10)]).refusing("no", |command| *command == told("note"));
    let parked = refused.when(Event::Noted("note".to_owned())).then_parked("no").advance(DAY).then_no_command();
    assert_eq!(parked.view().unwrap().timers[0].name, "timer");
    let mut instance = begun(&set(&[("fails", 10), ("x", 20)]));
    let _ = instance.advance(at(0));
    for now in [10, 11, 12] {
        let _ = instance.advance(at(now));
    }
    assert!(instance.parked().is_some());
    assert_eq!(instance.advance(at(1_000)), Next::Wait(None), "nothing wakes a parked instance");
}

#[test]
fn t05_with_the_instance_its_timers_are_gone() {
    let stopped = given_timers(&[("x", 60)]).when(Event::Stopped).then_ended().then_timers([]);
    let _ = stopped.advance(DAY).then_no_command();
    // A later instance of the same id does not see them.
    let again = given::<Clock>([set(&[("x", 60)]), Event::Stopped]).when(Event::Noted("again".to_owned()));
    let _ = again.then_timers([]).advance(DAY).then_no_command();
    let mut instance = begun(&set(&[("fails", 10), ("x", 20)]));
    let _ = instance.advance(at(0));
    for now in [10, 11, 12] {
        let _ = instance.advance(at(now));
    }
    instance.acknowledge(None);
    assert!(matches!(instance.advance(at(100)), Next::End(_)));
    assert!(instance.view().timers.is_empty());
}

#[test]
fn t06_its_failure_is_decided_about_as_an_events_is() {
    given_timers(&[("fails", 60)])
        .advance(seconds(60))
        .then_waited([seconds(1), seconds(1)])
        .then_parked("handle-failed")
        .then_state(&Clock::default());
    let refused = given_timers(&[("x", 60)]).refusing("no", |_| true).advance(seconds(60));
    let failure = refused.view().unwrap().failure.unwrap();
    assert_eq!((failure.event.as_str(), failure.code.as_str()), ("timer x", "no"));
    assert_eq!(failure.command.as_deref(), Some("Tell"));
}

#[test]
fn t07_the_kit_lets_thirty_days_pass() {
    let again = given_timers(&[("again", 0)]).advance(30 * DAY);
    let _ = again.then(vec![told("again"); 30]);
}

#[test]
fn t08_the_query_shows_timers_by_name_and_time() {
    let outcome = given_timers(&[("later", 600), ("sooner", 60)]).at(at(0)).advance(Duration::ZERO);
    let view = serde_json::to_value(outcome.view().unwrap()).unwrap();
    let timers = json!([
        {"name": "sooner", "due_at": "1970-01-01T00:01:00Z"}, {"name": "later", "due_at": "1970-01-01T00:10:00Z"}
    ]);
    assert_eq!((&view["timers"], &view["status"]), (&timers, &json!("waiting")));
}

#[test]
fn a_timer_that_cannot_be_is_a_failure_before_anything_is_sent() {
    let name = |chars: usize| "ü".repeat(chars);
    let longest = given::<Clock>([]).when(set(&[(&name(TIMER_NAME_CHARS), 1)]));
    let _ = longest.then_waits();
    for wrong in ["", "\n", &name(TIMER_NAME_CHARS + 1)] {
        let _ = given::<Clock>([]).when(set(&[(wrong, 1)])).then_parked("invalid-timer");
        let _ = given::<Clock>([]).when(Event::Cancel(wrong.to_owned())).then_parked("invalid-timer");
    }
    let _ = given::<Clock>([]).when(Event::SetForEver("x".to_owned())).then_parked("invalid-timer");
}

#[test]
fn an_instance_has_at_most_a_hundred_timers() {
    let many = |from: usize, to: usize| Event::Set((from..to).map(|n| (format!("timer {n}"), 60)).collect());
    let full = || given::<Clock>([many(0, MOST_TIMERS)]);
    let _ = full().when(many(0, 1)).then_waits();
    let _ = full().when(many(MOST_TIMERS, MOST_TIMERS + 1)).then_parked("invalid-timer").then_no_command();
    let _ = full().when(Event::Cancel("timer 0".to_owned())).when(many(MOST_TIMERS, MOST_TIMERS + 1)).then_waits();
}
