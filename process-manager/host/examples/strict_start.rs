//! Strict routes: an event that must start an instance, and one that must find an instance.
//!
//! `Route::start` and `Route::proceed` accept either case. The strict routes ask `on_routing_error` instead: here a
//! repeated opening is skipped, and a deposit without an account stops the subscription until an operator decides. An
//! id of more than 200 characters is also a routing error.
//!
//! ```sh
//! cargo run -p process-manager-host --features testing --example strict_start
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::{convert::Infallible, time::Duration};

use anyhow::Context as _;
use process_manager::prelude::*;
use process_manager_client::{feed::MemoryLog, http::Envelope};
use process_manager_engine::subscription::Status;
use process_manager_host::{
    DispatchError, Dispatcher, Manager, operator::Operator, testing::TestServer, wait_until_handled,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    AccountOpened { account: String },
    MoneyDeposited { account: String, amount: u32 },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    PrintStatement { account: String },
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Statements {
    openings: u32,
    total: u32,
}

impl ProcessManager for Statements {
    const NAME: &'static str = "Statements";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(match event {
            Event::AccountOpened { account } => Route::start_strict(account),
            Event::MoneyDeposited { account, .. } => Route::proceed_strict(account),
        })
    }

    fn handle(&self, event: &Event, context: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(match event {
            Event::AccountOpened { .. } => Commands::none(),
            Event::MoneyDeposited { .. } => Command::PrintStatement { account: context.process_id().to_owned() }.into(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        match event {
            Event::AccountOpened { .. } => self.openings += 1,
            Event::MoneyDeposited { amount, .. } => self.total += amount,
        }
        Ok(())
    }

    fn on_routing_error(error: &RoutingError<Infallible>, _: &Metadata, _attempt: u32) -> OnRoutingError {
        match error {
            RoutingError::AlreadyStarted(_) => OnRoutingError::Skip,
            _ => OnRoutingError::Stop,
        }
    }
}

struct Printer;

impl Dispatcher<Command> for Printer {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        println!("sends {command:?}");
        Ok(())
    }
}

pub(crate) async fn run(server: &TestServer) -> anyhow::Result<()> {
    let (log, client) = (MemoryLog::default(), server.client());
    let _worker = server.host(|hosting| hosting.manager(Manager::<Statements>::new(log.clone(), Printer))).await?;
    let opened = |account: &str| log.append(&Event::AccountOpened { account: account.to_owned() });
    let deposited = |account: &str| log.append(&Event::MoneyDeposited { account: account.to_owned(), amount: 10 });

    // The second opening is skipped.
    opened("A");
    opened("A");
    wait_until_handled::<Statements>(client, &deposited("A"), LIMIT).await?;

    // Nobody has opened account B. The subscription stops there and says why; later events wait.
    let stray = deposited("B");
    let last = deposited("A");
    let operator = Operator::new(client.clone());
    let subscription = operator.subscription(Statements::NAME);
    let stopped = loop {
        match subscription.state().await? {
            Some(state) if state.status == Status::Stopped => break state,
            _ => sleep(Duration::from_millis(50)).await,
        }
    };
    println!("the subscription has stopped: {}", stopped.error.as_deref().unwrap_or_default());

    // An operator decides to continue after that event.
    subscription.resume(Some(stray.sequence)).await?;
    wait_until_handled::<Statements>(client, &last, LIMIT).await?;
    let account = operator.instances::<Statements>().read("A").await?.context("there is no instance A")?;
    assert_eq!(account.state(), Some(Statements { openings: 1, total: 20 }));
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&TestServer::start().await?).await
}
