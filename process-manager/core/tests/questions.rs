//! Questions, which are commands that are answered with an event; and instances that end themselves.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::convert::Infallible;

use chrono::DateTime;
use process_manager::{
    instance::{Delivery, Ended, Instance, Ledger, Next},
    manager::{Commands, Context, Metadata, Outcome, ProcessManager, Route, RouteKind},
    testing::{Scenario, given},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Begun,
    Counted(u32),
    Strange,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Count,
    Report(u32),
}

/// Asks until nothing is left.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Countdown {
    left: Option<u32>,
}

impl ProcessManager for Countdown {
    const NAME: &'static str = "Countdown";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(if *event == Event::Begun { Route::start("c") } else { Route::Ignore })
    }

    fn is_question(command: &Command) -> bool {
        *command == Command::Count
    }

    fn is_instruction(event: &Event) -> bool {
        *event == Event::Strange
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(match event {
            Event::Begun => [Command::Count, Command::Report(0)].into(),
            Event::Counted(0) => Commands::from(Command::Report(9)).stop(),
            Event::Counted(left) => Command::Report(*left).into(),
            Event::Strange => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        if let Event::Counted(left) = event {
            self.left = Some(*left);
        }
        Ok(())
    }

    fn outcome(&self, event: &Event) -> Option<Outcome> {
        (*event == Event::Counted(0)).then(|| Outcome::success("none-left"))
    }
}

fn counting(answer: Event) -> Scenario<Countdown> {
    given::<Countdown>([]).answering_questions(move |_| answer.clone())
}

#[test]
fn the_answer_is_handled_once_the_event_that_asked_has_been() {
    let outcome = counting(Event::Counted(4)).when(Event::Begun);
    let outcome = outcome.then([Command::Count, Command::Report(0), Command::Report(4)]);
    let _ = outcome.then_state(&Countdown { left: Some(4) });
}

#[test]
fn an_instance_that_ends_itself_sends_the_commands_of_its_last_event_and_has_its_outcome() {
    let outcome = counting(Event::Counted(0)).when(Event::Begun);
    let outcome = outcome.then([Command::Count, Command::Report(0), Command::Report(9)]);
    let _ = outcome.then_ended_as(&Outcome::success("none-left"));
}

#[test]
fn a_question_that_is_refused_is_decided_about_as_a_command() {
    let outcome = counting(Event::Strange).refusing("no", |command| *command == Command::Count).when(Event::Begun);
    let _ = outcome.then([Command::Count]).then_parked("no");
}

#[test]
fn what_is_told_after_the_end_begins_no_instance() {
    let outcome = counting(Event::Counted(0)).when(Event::Begun).told(&Event::Counted(5)).then_no_command();
    let _ = outcome.then_ended_as(&Outcome::success("none-left"));
}

/// Ends the instance while an instruction waits behind the event that ends it.
fn instructed_before_the_end(instance: Instance<Countdown>) -> Next<Command> {
    let (mut instance, now) = (instance, DateTime::UNIX_EPOCH);
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/test", "type": "Begun", "subject": "c", "time": now,
        "datacontenttype": "application/json", "sequence": "1", "correlationid": "1", "causationid": "1", "logid": "log",
        "data": null,
    });
    instance.deliver(Delivery::new(serde_json::from_value(event).unwrap(), RouteKind::Start));
    instance.advance(now);
    instance.answered_with("Counted", json!(0), now);
    instance.instruct("Strange", Value::Null, now).unwrap();
    while let Next::Dispatch(_) = instance.advance(now) {
        instance.answered(Ok(()), now);
    }
    instance.advance(now)
}

#[test]
fn an_instruction_that_waits_when_the_instance_ends_begins_no_other_one() {
    let instance = || Instance::new("c", 1, Ledger::default());
    assert_eq!(instructed_before_the_end(instance()), Next::End(Ended::Stopped));
    let older = instructed_before_the_end(instance().with_revision(1));
    assert_eq!(older, Next::Wait(None), "a run keeps to the rules with which it began");
}
