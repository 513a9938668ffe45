//! A table in PostgreSQL as the event log, for a service that keeps its data there.
//!
//! The service inserts its events in the transaction that changes its data, and needs no event feed of its own.
//!
//! One read takes at most 1,000 rows. It has 10 s; after a failed read, the next one takes half as many rows. An event
//! that takes more than 2 MiB with its envelope is a routing error: by default the subscription stops at it.
//!
//! ```sh
//! DATABASE_URL=postgres://user@127.0.0.1/shop cargo run -p process-manager-host --features testing --example postgres
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::convert::Infallible;

use anyhow::Context as _;
use process_manager::prelude::*;
use process_manager_client::{
    feed::postgres::{PostgresSource, SCHEMA},
    http::Envelope,
};
use process_manager_host::{DispatchError, Dispatcher, Manager, testing::TestServer};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    OrderPlaced { order: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    RequestPayment { order: String },
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Payments;

impl ProcessManager for Payments {
    const NAME: &'static str = "Payments";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(Event::OrderPlaced { order }: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(Route::start(order))
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let Event::OrderPlaced { order } = event.clone();
        Ok(Command::RequestPayment { order }.into())
    }
}

/// Sends the commands to a channel.
struct Bank(UnboundedSender<Command>);

impl Dispatcher<Command> for Bank {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        self.0.send(command.clone()).map_err(|closed| DispatchError::Fault(closed.into()))
    }
}

/// The service: it changes its own data and records the event, both or neither.
async fn place_order(pool: &PgPool, order: &str) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::query("INSERT INTO customer_order (id) VALUES ($1)").bind(order).execute(&mut *transaction).await?;
    sqlx::query(
        "INSERT INTO process_event (source, type, subject, data)
         VALUES ('/shop', 'OrderPlaced', $1, jsonb_build_object('order', $1))",
    )
    .bind(order)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

pub(crate) async fn run(server: &TestServer, database_url: &str) -> anyhow::Result<()> {
    let pool = PgPool::connect(database_url).await?;
    // A service has this schema in its migrations.
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS customer_order (id text)").execute(&pool).await?;

    let source = PostgresSource::connect(database_url)?;
    let (bank, mut payments) = unbounded_channel();
    let _worker = server.host(|hosting| hosting.manager(Manager::<Payments>::new(source, Bank(bank)))).await?;

    place_order(&pool, "O-1").await?;
    let payment = payments.recv().await.context("the bank is closed")?;
    println!("the bank takes {payment:?}");
    assert_eq!(payment, Command::RequestPayment { order: "O-1".to_owned() });
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let database_url = std::env::var("DATABASE_URL").context("DATABASE_URL names the database")?;
    run(&TestServer::start().await?, &database_url).await
}
