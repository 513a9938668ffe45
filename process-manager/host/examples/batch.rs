//! One command for each of many items: a shop announces a price to each of its customers.
//!
//! The items come page by page from a source. A batch pauses itself once more items have failed than are tolerated; an
//! operator then retries the failed ones. A page has at most 500 items, an item at most 1,024 bytes, and at most 300
//! commands are in flight.
//!
//! ```sh
//! cargo run -p process-manager-host --features testing --example batch
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its steps")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use process_manager::batch::{Batch, Limits, Progress, StartBatch, Status};
use process_manager_client::http::Envelope;
use process_manager_host::{
    DispatchError, Dispatcher,
    batch::{ItemPage, ItemSource},
    operator::{Batches, Operator},
    testing::{TASK_QUEUE, TestServer},
};
use serde::{Deserialize, Serialize};

const PAGE: u32 = 100;

/// Customers are numbered. The input determines who belongs to the batch: customers who come later do not.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Audience {
    registered_up_to: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    AnnouncePrice { customer: u32 },
}

#[derive(Debug)]
struct PriceAnnouncement;

impl Batch for PriceAnnouncement {
    const NAME: &'static str = "PriceAnnouncement";
    type Input = Audience;
    type Item = u32;
    type Command = Command;

    fn item_id(customer: &u32) -> String {
        customer.to_string()
    }

    fn command(_: &Audience, customer: &u32) -> Command {
        Command::AnnouncePrice { customer: *customer }
    }

    fn limits() -> Limits {
        Limits::default().in_flight(20)
    }
}

/// The shop's list of customers. A page begins after the last customer of the previous page, so nobody moves between
/// pages.
struct Customers;

impl ItemSource<PriceAnnouncement> for Customers {
    async fn page(
        &self,
        audience: &Audience,
        cursor: Option<&str>,
    ) -> Result<ItemPage<u32>, Box<dyn Error + Send + Sync>> {
        let after: u32 = cursor.map_or(Ok(0), str::parse)?;
        let last = audience.registered_up_to.min(after + PAGE);
        let next = (last < audience.registered_up_to).then(|| last.to_string());
        Ok(ItemPage { items: (after + 1..=last).collect(), next, total: Some(audience.registered_up_to.into()) })
    }
}

/// The mail. Customer 13 has no address at first.
#[derive(Clone, Default)]
struct Mail {
    knows_all: Arc<AtomicBool>,
}

impl Dispatcher<Command> for Mail {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        match command {
            Command::AnnouncePrice { customer: 13 } if !self.knows_all.load(Ordering::Relaxed) => {
                Err(DispatchError::refused("no-address", "customer 13 has no address"))
            }
            Command::AnnouncePrice { .. } => Ok(()),
        }
    }
}

pub(crate) async fn run(server: &TestServer) -> anyhow::Result<()> {
    let mail = Mail::default();
    let _worker = server.host(|hosting| hosting.batch::<PriceAnnouncement>(Customers, mail.clone())).await?;
    let batches = Operator::new(server.client().clone()).batches();
    let start = StartBatch::new::<PriceAnnouncement>("spring", &Audience { registered_up_to: 250 })?;
    batches.start(&start, TASK_QUEUE).await?;

    // No failures are tolerated, so the batch pauses itself.
    let paused = until(&batches, &start, Status::Paused).await?;
    let failed = batches.failed(&start.workflow_id(), None).await?;
    let first = failed.first().context("an item has failed")?;
    println!("paused: {} of {:?} accepted; {} failed: {}", paused.accepted, paused.total, first.id, first.refusal);
    assert_eq!(first.refusal.code, "no-address");

    // An operator fixes the cause and retries: failed items are sent again, and then the batch goes on.
    mail.knows_all.store(true, Ordering::Relaxed);
    batches.retry(&start.workflow_id()).await?;
    let done = until(&batches, &start, Status::Completed).await?;
    println!("completed: {} accepted", done.accepted);
    assert_eq!((done.accepted, done.failed), (250, 0));
    Ok(())
}

async fn until(batches: &Batches, start: &StartBatch, status: Status) -> anyhow::Result<Progress> {
    loop {
        let batch = batches.read(&start.workflow_id()).await?;
        match batch.and_then(|batch| batch.progress).filter(|progress| progress.status == status) {
            Some(progress) => return Ok(progress),
            None => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(&TestServer::start().await?).await
}
