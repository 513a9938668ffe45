//! Questions: commands that are answered with an event; and instances that end themselves.

use std::convert::Infallible;

use process_manager::{
    manager::{Commands, Context, Metadata, Outcome, ProcessManager, Route},
    testing::{Scenario, given},
};
use serde::{Deserialize, Serialize};

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
