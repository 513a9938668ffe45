//! The outcome that a process manager declares for an instance that has ended.

use std::convert::Infallible;

use process_manager::{
    manager::{AfterCommand, Commands, Context, Metadata, Outcome, ProcessManager, Route},
    testing::given,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Begun {},
    /// Sends a command that ends the instance.
    Closed {},
    /// Ends the instance.
    Stopped {
        name: String,
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Close,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Sample;

impl ProcessManager for Sample {
    const NAME: &'static str = "Sample";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(if matches!(event, Event::Stopped { .. }) { Route::stop("a") } else { Route::start("a") })
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok((*event == Event::Closed {}).then_some(Command::Close).into_iter().collect())
    }

    fn after_command(&self, _: &Command) -> AfterCommand {
        AfterCommand::Stop
    }

    fn outcome(&self, event: &Event) -> Option<Outcome> {
        match event {
            Event::Begun {} => None,
            Event::Closed {} => Some(Outcome::success("closed")),
            Event::Stopped { reason, .. } if reason == "panic" => panic!("as it should"),
            Event::Stopped { name, reason } => Some(Outcome::failure(name).because(reason)),
        }
    }
}

fn stopped(reason: &str) -> Event {
    Event::Stopped { name: "stopped".to_owned(), reason: reason.to_owned() }
}

#[test]
fn an_instance_that_ends_has_the_outcome_of_the_event_that_ends_it() {
    let because = Outcome::failure("stopped").because("late");
    given::<Sample>([Event::Begun {}]).when(stopped("late")).then_ended_as(&because);
    given::<Sample>([Event::Begun {}]).when(Event::Closed {}).then_ended_as(&Outcome::success("closed"));
    given::<Sample>([Event::Begun {}, stopped("late")]).when(stopped("later")).then_ended_as(&because);
    let again = given::<Sample>([Event::Begun {}, stopped("late")]).when(Event::Begun {}).then_waits();
    assert_eq!(again.view().unwrap().outcome, None, "it has begun anew");
}

#[test]
fn a_panic_counts_as_no_outcome_and_long_texts_are_cut() {
    let ended = given::<Sample>([Event::Begun {}]).when(stopped("panic")).then_ended();
    assert_eq!(ended.view().unwrap().outcome, None);
    let ended_as = |name: usize, reason: usize| {
        let stopped = Event::Stopped { name: "ü".repeat(name), reason: "ü".repeat(reason) };
        let ended = given::<Sample>([Event::Begun {}]).when(stopped).then_ended();
        let outcome = ended.view().unwrap().outcome.unwrap();
        (outcome.name.chars().count(), outcome.reason.unwrap().chars().count())
    };
    assert_eq!((Outcome::LONGEST_NAME, Outcome::LONGEST_REASON), (100, 2_000));
    assert_eq!(ended_as(100, 2_000), (100, 2_000));
    assert_eq!(ended_as(101, 2_001), (100, 2_000));
}
