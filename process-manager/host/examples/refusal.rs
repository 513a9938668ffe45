//! A service refuses a command, which is a business "no". The process manager decides what follows.
//!
//! One refusal leads to another command. The other one parks the instance until an operator retries it. A refusal's
//! code is cut at 200 characters, and its detail at 2,000.
//!
//! ```sh
//! cargo run -p process-manager-host --features testing --example refusal
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use process_manager::prelude::*;
use process_manager_client::{feed::MemoryLog, http::Envelope};
use process_manager_host::{
    DispatchError, Dispatcher, Manager, WaitError, operator::Operator, testing::TestServer, wait_until_handled,
};
use serde::{Deserialize, Serialize};

const LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    OrderPaid { order: String, article: String },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    ShipParcel { order: String, article: String },
    RefundPayment { order: String },
}

/// The state of an order.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Shipping {
    is_settled: bool,
}

impl ProcessManager for Shipping {
    const NAME: &'static str = "Shipping";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(Event::OrderPaid { order, .. }: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start(order))
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let Event::OrderPaid { order, article } = event.clone();
        Ok(Command::ShipParcel { order, article }.into())
    }

    fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        self.is_settled = true;
        Ok(())
    }

    // A fault, such as an unavailable service, does not come here: it is retried.
    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        let Some(Event::OrderPaid { order, .. }) = failure.context().event else { return failure.stop() };
        match &failure {
            Failure::Command(failed) if failure.refusal().is_some_and(|refusal| refusal.code == "out-of-stock") => {
                failed.continue_with(Command::RefundPayment { order: order.clone() })
            }
            // Any other refusal needs an operator.
            _ => failure.stop(),
        }
    }
}

/// A shop that has no lamps and, at first, no box that is large enough for a sofa.
#[derive(Clone, Default)]
struct Shop {
    has_large_box: Arc<AtomicBool>,
}

impl Dispatcher<Command> for Shop {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        let refused = |code: &str, detail: &str| Err(DispatchError::refused(code, detail));
        match command {
            Command::ShipParcel { article, .. } if article == "lamp" => refused("out-of-stock", "there are no lamps"),
            Command::ShipParcel { article, .. } if article == "sofa" && !self.has_large_box.load(Ordering::Relaxed) => {
                refused("no-box", "a sofa needs a large box")
            }
            accepted => {
                println!("the shop accepts {accepted:?}");
                Ok(())
            }
        }
    }
}

pub(crate) async fn run(server: &TestServer) -> anyhow::Result<()> {
    let (log, shop, client) = (MemoryLog::default(), Shop::default(), server.client());
    let _worker = server.host(|hosting| hosting.manager(Manager::<Shipping>::new(log.clone(), shop.clone()))).await?;
    let paid = |order: &str, article: &str| {
        log.append(&Event::OrderPaid { order: order.to_owned(), article: article.to_owned() })
    };

    // The refusal leads to another command, and the order is settled.
    wait_until_handled::<Shipping>(client, &paid("O-1", "lamp"), LIMIT).await?;

    // The refusal parks the instance. Other instances are not affected.
    let sofa = paid("O-2", "sofa");
    let outcome = wait_until_handled::<Shipping>(client, &sofa, LIMIT).await;
    assert!(matches!(outcome, Err(WaitError::Parked(_))), "{outcome:?}");
    wait_until_handled::<Shipping>(client, &paid("O-3", "chair"), LIMIT).await?;

    // An operator sees why, fixes the cause and retries. The failure's id says which failure is meant.
    let instances = Operator::new(client.clone()).instances::<Shipping>();
    let parked = instances.read("O-2").await?.context("there is no instance O-2")?;
    let failure = parked.failure.context("O-2 is not parked")?;
    println!("O-2 is parked with {}: {}", failure.code, failure.detail);
    assert_eq!(failure.code, "no-box");
    shop.has_large_box.store(true, Ordering::Relaxed);
    instances.retry("O-2", Some(&failure.failure_id)).await?;
    wait_until_handled::<Shipping>(client, &sofa, LIMIT).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&TestServer::start().await?).await
}
