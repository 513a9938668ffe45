//! One process manager follows the logs of two services.
//!
//! Each log is ordered, but there is no order between the two: the payment may come before the order. So the instance
//! records both and acts once it has seen both.
//!
//! ```sh
//! cargo run -p process-manager-host --features testing --example two_logs
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::convert::Infallible;

use anyhow::Context as _;
use process_manager::prelude::*;
use process_manager_client::{feed::MemoryLog, http::Envelope};
use process_manager_host::{DispatchError, Dispatcher, Manager, testing::TestServer};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The events of both logs. An event's type says which one it is, whichever log it comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    /// In the log of the shop.
    OrderPlaced { order: String },
    /// In the log of the bank.
    PaymentReceived { order: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    ShipParcel { order: String },
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Fulfilment {
    is_placed: bool,
    is_paid: bool,
}

impl ProcessManager for Fulfilment {
    const NAME: &'static str = "Fulfilment";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    // Either event may come first, so both start the instance.
    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        let (Event::OrderPlaced { order } | Event::PaymentReceived { order }) = event;
        Ok(Route::start(order))
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        Ok(match event {
            Event::OrderPlaced { order } if self.is_paid => Command::ShipParcel { order: order.clone() }.into(),
            Event::PaymentReceived { order } if self.is_placed => Command::ShipParcel { order: order.clone() }.into(),
            _ => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Infallible> {
        match event {
            Event::OrderPlaced { .. } => self.is_placed = true,
            Event::PaymentReceived { .. } => self.is_paid = true,
        }
        Ok(())
    }
}

/// Sends the commands to a channel.
struct Depot(UnboundedSender<Command>);

impl Dispatcher<Command> for Depot {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        self.0.send(command.clone()).map_err(|closed| DispatchError::Fault(closed.into()))
    }
}

pub(crate) async fn run(server: &TestServer) -> anyhow::Result<()> {
    let (shop, bank) = (MemoryLog::default(), MemoryLog::default());
    let (depot, mut parcels) = unbounded_channel();
    let fulfilment =
        Manager::<Fulfilment>::new(shop.clone(), Depot(depot)).also_follows("Fulfilment-bank", bank.clone());
    let _worker = server.host(|hosting| hosting.manager(fulfilment)).await?;

    for order in ["O-1", "O-2"] {
        shop.append(&Event::OrderPlaced { order: order.to_owned() });
        bank.append(&Event::PaymentReceived { order: order.to_owned() });
        let parcel = parcels.recv().await.context("the depot is closed")?;
        println!("the depot takes {parcel:?}");
        assert_eq!(parcel, Command::ShipParcel { order: order.to_owned() });
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&TestServer::start().await?).await
}
