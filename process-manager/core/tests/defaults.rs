//! A process manager may leave out everything but `route`.

use std::convert::Infallible;

use process_manager::{prelude::*, testing::given};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Happened { id: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    Do,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Routes {
    count: u32,
}

impl ProcessManager for Routes {
    const NAME: &'static str = "Routes";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(Event::Happened { id }: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start(id))
    }
}

#[test]
fn a_process_manager_that_only_routes_sends_nothing_and_keeps_its_state() {
    let event = || Event::Happened { id: "a".to_owned() };
    given::<Routes>([event()]).when(event()).then_no_command().then_state(&Routes::default()).then_waits();
}
