//! The smallest process manager: one event leads to one command, and the state remembers it.
//!
//! As JSON, the state may take 1 MiB, and a command 1.5 MiB. Beyond that the instance is parked.
//!
//! Needs the Temporal CLI (`temporal`) on the path:
//!
//! ```sh
//! cargo run -p process-manager-host --features testing --example hello
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::{convert::Infallible, time::Duration};

use anyhow::Context as _;
use process_manager::prelude::*;
use process_manager_client::{feed::MemoryLog, http::Envelope};
use process_manager_host::{
    DispatchError, Dispatcher, Manager, operator::Operator, testing::TestServer, wait_until_handled,
};
use serde::{Deserialize, Serialize};

/// The events of the log that matter. Events of other types are ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    CustomerRegistered { name: String },
}

/// The commands that the process manager sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    SendWelcome { to: String },
}

/// The process manager. The type is the state of one instance; here each customer has an instance.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Welcome {
    is_welcomed: bool,
}

impl ProcessManager for Welcome {
    const NAME: &'static str = "Welcome";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    // Which instance handles the event?
    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        let Event::CustomerRegistered { name } = event;
        Ok(Route::start(name))
    }

    // Which commands follow from the event?
    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let Event::CustomerRegistered { name } = event;
        Ok(Command::SendWelcome { to: name.clone() }.into())
    }

    // How does the event change the state?
    fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        self.is_welcomed = true;
        Ok(())
    }
}

/// Prints commands. For services with an HTTP interface, use `HttpDispatcher`.
struct Printer;

impl Dispatcher<Command> for Printer {
    async fn dispatch(&self, command: &Command, envelope: &Envelope) -> Result<(), DispatchError> {
        let key = envelope.idempotency_key.as_deref().unwrap_or_default();
        println!("sends {command:?} with the idempotency key {key}");
        Ok(())
    }
}

/// Hosts the process manager, appends an event to its log and reads the resulting state.
pub(crate) async fn run(server: &TestServer) -> anyhow::Result<()> {
    let log = MemoryLog::default();
    let _worker = server.host(|hosting| hosting.manager(Manager::<Welcome>::new(log.clone(), Printer))).await?;

    let event = log.append(&Event::CustomerRegistered { name: "Ada".to_owned() });
    wait_until_handled::<Welcome>(server.client(), &event, Duration::from_secs(120)).await?;

    let instances = Operator::new(server.client().clone()).instances::<Welcome>();
    let ada = instances.read("Ada").await?.context("there is no instance of Ada")?;
    println!("the state is {:?}", ada.state::<Welcome>());
    assert_eq!(ada.state(), Some(Welcome { is_welcomed: true }));
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&TestServer::start().await?).await
}
