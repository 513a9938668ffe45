//! A process manager that sends and keeps any value, and sets a timer.

use std::{convert::Infallible, time::Duration};

use process_manager::manager::{Commands, Context, Metadata, ProcessManager, Route};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Its state: the last value.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Keeper(pub(crate) Value);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Event {
    Kept(Value),
    Ended(Value),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Command {
    Keep(Value),
}

impl ProcessManager for Keeper {
    const NAME: &'static str = "Keeper";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(event: &Event, metadata: &Metadata) -> Result<Route, Infallible> {
        Ok(match event {
            Event::Kept(_) => Route::start(&metadata.subject),
            Event::Ended(_) => Route::stop(&metadata.subject),
        })
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let (Event::Kept(value) | Event::Ended(value)) = event;
        Ok(Commands::from(Command::Keep(value.clone())).set_timer("later", Duration::from_secs(60)))
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        let (Event::Kept(value) | Event::Ended(value)) = event;
        self.0 = value.clone();
        Ok(())
    }

    fn is_instruction(event: &Event) -> bool {
        matches!(event, Event::Kept(_))
    }
}
