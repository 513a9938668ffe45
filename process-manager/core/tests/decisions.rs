//! The decisions of a process manager are recorded, and are the same as without recording.

use std::{convert::Infallible, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use process_manager::{
    CloudEvent, Position,
    decisions::{Observed, Step, bounded, recorded},
    instance::{Delivery, Instance, Ledger, Next},
    manager::{
        Attention, Commands, Context, Error, Failure, Metadata, OnError, Outgoing, ProcessManager, Refusal, Route,
        RouteKind,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Paid { amount: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Ship { amount: u32 },
    Cancel,
}

/// Under version 2 it counts, and ships twice as much.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Orders {
    paid: u32,
}

impl ProcessManager for Orders {
    const NAME: &'static str = "Orders";
    const VERSION: u32 = 2;
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(_: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start("a"))
    }

    fn handle(&self, Event::Paid { amount }: &Event, context: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let ship = Outgoing::new(Command::Ship { amount: amount * context.version() }).idempotency_key("k");
        Ok(Commands::from(ship).set_timer("remind", Duration::from_secs(60)))
    }

    fn apply(&mut self, Event::Paid { amount }: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        self.paid += amount;
        Ok(())
    }

    fn apply_timer(&mut self, _: &str, _: &Context<'_>) -> Result<(), Infallible> {
        self.paid = 0;
        Ok(())
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        match &failure {
            Failure::Command(failed) if failure.context().version == 1 => failed.continue_with(Command::Cancel),
            _ => failure.stop(),
        }
    }

    fn attention(&self, _: u32) -> Option<Attention> {
        (self.paid > 5).then(|| Attention::new("much", "it is much", DateTime::UNIX_EPOCH))
    }

    fn migrate(version: u32, state: Value) -> Result<Value, Infallible> {
        assert_eq!(version, 1);
        if state["paid"] == 13 { Ok(json!({"paid": "unlucky"})) } else { Ok(json!({"paid": state["paid"]})) }
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn paid(position: Position, amount: u32) -> Delivery {
    let event = CloudEvent {
        specversion: "1.0".to_owned(),
        id: format!("event-{position}"),
        source: "/shop".to_owned(),
        kind: "Paid".to_owned(),
        subject: "a".to_owned(),
        time: at(0),
        datacontenttype: "application/json".to_owned(),
        sequence: position,
        correlationid: "a".to_owned(),
        causationid: "a".to_owned(),
        logid: "log".to_owned(),
        data: json!({"amount": amount}),
    };
    Delivery::new(event, RouteKind::Start)
}

/// Handles payments under this version, with each command refused or accepted; then the timer is due.
fn run<M: ProcessManager<Command = Command>>(version: u32, amounts: &[u32], is_refused: bool) -> Vec<Command> {
    let mut instance = Instance::<M>::new("a", version, Ledger::default());
    let mut sent = Vec::new();
    for (position, amount) in (1..).zip(amounts) {
        instance.deliver(paid(position, *amount));
        while let Next::Dispatch(command) = instance.advance(at(1)) {
            let command = command.outgoing.command;
            let refusal = Refusal { code: "no".to_owned(), detail: "not today".to_owned() };
            let is_refused = is_refused && command != Command::Cancel;
            sent.push(command);
            instance.answered(if is_refused { Err(Error::Refused(refusal)) } else { Ok(()) }, at(1));
        }
        let _ = instance.view();
    }
    let _ = instance.advance(at(100));
    sent
}

fn steps(version: u32, amounts: &[u32], is_refused: bool) -> Vec<Step> {
    let (sent, steps) = recorded(|| run::<Observed<Orders>>(version, amounts, is_refused));
    assert_eq!(sent, run::<Orders>(version, amounts, is_refused), "it decides as ever");
    steps
}

fn told(steps: &[Step]) -> Vec<(&str, &str)> {
    steps.iter().map(|step| (step.function.as_str(), step.about.as_str())).collect()
}

#[test]
fn each_decision_is_noted_with_what_it_was_asked_about() {
    let steps = steps(2, &[3], false);
    let expected = [
        ("handle", "Paid"),
        ("after_command", "Ship"),
        ("apply", "Paid"),
        ("handle_timer", "timer remind"),
        ("apply_timer", "timer remind"),
    ];
    assert_eq!(told(&steps), expected);
    let commands = json!([{"command": {"type": "Ship", "data": {"amount": 6}}, "idempotency_key": "k"}]);
    let timers = json!([{"set": {"name": "remind", "due": "1970-01-01T00:01:01Z"}}]);
    assert_eq!(steps[0].answer, json!({"commands": commands, "timers": timers}));
    assert_eq!(
        (steps[0].event_id.as_str(), steps[0].version, &steps[0].given),
        ("event-1", Some(2), &json!({"paid": 0}))
    );
    assert_eq!((&steps[2].answer, &steps[3].answer), (&json!({"state": {"paid": 3}}), &json!({"commands": []})));
    assert!(steps.iter().all(|step| step.anew.is_none()), "there is no newer version");
    let written = serde_json::to_value(&steps).unwrap();
    assert!(serde_json::from_value::<Vec<Step>>(written).unwrap().iter().zip(&steps).all(|(a, b)| a.is_same_as(b)));
    assert!(!steps[0].is_same_as(&steps[2]));
}

#[test]
fn under_an_older_version_the_newest_is_asked_as_well_with_the_migrated_state() {
    let steps = steps(1, &[3], false);
    let amount = |answer: &Value| answer["commands"][0]["command"]["data"]["amount"].clone();
    assert_eq!((amount(&steps[0].answer), amount(steps[0].anew.as_ref().unwrap())), (json!(3), json!(6)));
    assert_eq!(steps[2].anew, Some(json!({"state": {"paid": 3}})), "the migrated state");
    let refused = self::steps(1, &[3], true);
    assert_eq!(told(&refused)[1], ("on_error", "Paid"));
    let failure = "Ship: refused (no): not today";
    let cancel = json!({"continue": {"commands": [{"command": {"type": "Cancel"}}]}, "carried": null});
    assert_eq!(refused[1].answer, json!({"failure": failure, "decision": cancel}));
    assert_eq!(refused[1].anew, Some(json!({"failure": failure, "decision": {"stop": null}})));
    let unreadable = self::steps(1, &[13], false);
    let why = unreadable[2].anew.as_ref().unwrap()["error"].as_str().unwrap();
    assert!(why.starts_with("the state cannot be read: invalid type: string"), "{why}");
}

#[test]
fn attention_counts_where_it_changes_and_a_large_value_is_told_by_its_digest() {
    let steps = steps(2, &[1, 1, 7, 1], false);
    let attention: Vec<_> = steps.iter().filter(|step| step.function == "attention").collect();
    assert_eq!(attention.len(), 1, "{attention:?}");
    assert_eq!(attention[0].answer["code"], "much");
    let large = |what: &str| bounded(json!(what.repeat(5_000)));
    assert_eq!(large("x")["left_out"]["bytes"], 5_002);
    assert!(large("x") == large("x") && large("x") != large("y"));
    assert_eq!(bounded(json!("x")), "x");
    assert!(recorded(|| ()).1.is_empty());
}
