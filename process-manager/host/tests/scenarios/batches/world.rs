//! A batch of numbers: its source, its receiver, and a worker that hosts it.

use std::{
    collections::BTreeSet,
    error::Error,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use process_manager::{
    batch::{Batch, FailedItem, Limits, Progress, StartBatch, Status},
    manager::Refusal,
};
use process_manager_host::{
    Hosting,
    batch::{ItemPage, ItemSource},
    operator::{Batches, Operator},
    testing::{TASK_QUEUE, TestServer, TestWorker},
};
use serde::{Deserialize, Serialize};
use test_support::eventually;
use tokio::sync::Semaphore;

use super::receiver::Receiver;
use crate::server;

#[derive(Debug)]
pub(super) struct Numbers;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Input {
    /// The numbers that belong to it.
    pub(super) up_to: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Command {
    Count { number: u32 },
    Uncount { number: u32 },
}

impl Batch for Numbers {
    const NAME: &'static str = "Numbers";
    type Input = Input;
    type Item = u32;
    type Command = Command;

    fn item_id(number: &u32) -> String {
        number.to_string()
    }

    fn command(_: &Input, number: &u32) -> Command {
        Command::Count { number: *number }
    }

    fn undo(_: &Input, number: &u32) -> Option<Command> {
        Some(Command::Uncount { number: *number })
    }

    fn is_settled(refusal: &Refusal) -> bool {
        refusal.code == "nothing-to-do"
    }
}

/// The numbers, paged by key.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) numbers: Arc<Mutex<BTreeSet<u32>>>,
    pub(super) page: usize,
    /// The number of items on the pages after the first.
    pub(super) later_pages: usize,
    pub(super) tells_total: bool,
    pub(super) is_away: Arc<AtomicBool>,
    /// How often the source was read.
    pub(super) reads: Arc<AtomicUsize>,
}

impl ItemSource<Numbers> for Source {
    async fn page(&self, input: &Input, cursor: Option<&str>) -> Result<ItemPage<u32>, Box<dyn Error + Send + Sync>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err("the source is away, as the test wants it".into());
        }
        let after: u32 = cursor.map_or(Ok(0), str::parse)?;
        let numbers = self.numbers.lock().unwrap();
        let belongs = |number: &&u32| **number <= input.up_to;
        let page = if after == 0 { self.page } else { self.later_pages };
        let mut items: Vec<u32> = numbers.range(after + 1..).take_while(belongs).take(page + 1).copied().collect();
        let next = (items.len() > page).then(|| items.pop()).flatten();
        let next = next.and_then(|_| items.last()).map(u32::to_string);
        let total = self.tells_total.then(|| numbers.range(..=input.up_to).count() as u64);
        Ok(ItemPage { items, next, total })
    }
}

pub(super) struct World {
    pub(super) source: Source,
    pub(super) receiver: Receiver,
    pub(super) server: TestServer,
    pub(super) worker: Option<TestWorker>,
    pub(super) batches: Batches,
}

pub(super) const ID: &str = "Numbers-b";

impl World {
    /// Creates a world with this many numbers, in pages of this size.
    pub(super) async fn new(numbers: u32, page: usize) -> Self {
        let server = server::namespace().await;
        let source = Source {
            numbers: Arc::new(Mutex::new((1..=numbers).collect())),
            page,
            later_pages: page,
            tells_total: true,
            is_away: Arc::default(),
            reads: Arc::default(),
        };
        let receiver = Receiver {
            arrived: Arc::default(),
            does: Arc::default(),
            is_away: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS / 2)),
            in_flight: Arc::default(),
            most_in_flight: Arc::default(),
        };
        let batches = Operator::new(server.client().clone()).batches();
        let mut world = Self { source, receiver, server, worker: None, batches };
        world.host(|hosting| hosting).await;
        world
    }

    /// Makes the commands wait at a gate.
    pub(super) fn gated(self) -> Self {
        self.receiver.gate.forget_permits(Semaphore::MAX_PERMITS);
        self
    }

    /// Hosts the batch in another worker.
    pub(super) async fn host(&mut self, build: impl FnOnce(Hosting) -> Hosting) {
        let (source, receiver) = (self.source.clone(), self.receiver.clone());
        let worker = self.server.host(|hosting| build(hosting.batch::<Numbers>(source, receiver))).await.unwrap();
        self.worker = Some(worker);
    }

    pub(super) fn kill(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.kill();
        }
    }

    pub(super) async fn start(&self, limits: Limits) {
        let up_to = self.source.numbers.lock().unwrap().last().copied().unwrap_or_default();
        let start = StartBatch { limits, ..StartBatch::new::<Numbers>("b", &Input { up_to }).unwrap() };
        self.batches.start(&start, TASK_QUEUE).await.unwrap();
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&Progress) -> bool) -> Progress {
        eventually(what, async || match self.batches.read(ID).await {
            Ok(Some(batch)) => match batch.progress {
                Some(progress) if is_so(&progress) => Ok(progress),
                other => Err(format!("{other:?}")),
            },
            other => Err(format!("{other:?}")),
        })
        .await
    }

    pub(super) async fn until_status(&self, status: Status) -> Progress {
        self.until(&format!("the batch is {status:?}"), |progress| progress.status == status).await
    }

    pub(super) async fn until_arrived(&self, commands: usize) {
        eventually("commands arrive", async || {
            let arrived = self.receiver.arrived().len();
            if arrived >= commands { Ok(()) } else { Err(arrived) }
        })
        .await;
    }

    pub(super) async fn until_in_flight(&self, commands: usize) {
        eventually("commands are in flight", async || {
            let in_flight = self.receiver.in_flight.load(Ordering::SeqCst);
            if in_flight == commands { Ok(()) } else { Err(in_flight) }
        })
        .await;
    }

    /// Waits until the chunk has learned that it has to end.
    pub(super) async fn until_draining(&self) {
        eventually("the chunk begins nothing more", async || match self.batches.read(ID).await {
            Ok(Some(batch)) if batch.is_draining => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    /// Returns all failed items, page by page.
    pub(super) async fn failed(&self) -> Vec<FailedItem> {
        eventually("the failed items can be read", async || {
            let batch = self.batches.read(ID).await.map_err(|error| error.to_string())?;
            let pages = batch.and_then(|batch| batch.progress).map(|progress| progress.kept_pages).unwrap_or_default();
            let mut failed = Vec::new();
            for page in pages.into_iter().map(Some).chain([None]) {
                failed.extend(self.batches.failed(ID, page).await.map_err(|error| error.to_string())?);
            }
            Ok::<_, String>(failed)
        })
        .await
    }
}

pub(super) const MOMENT: Duration = Duration::from_millis(20);
