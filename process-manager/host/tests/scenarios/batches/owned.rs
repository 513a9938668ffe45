//! A process manager that starts a batch and receives its progress.

use process_manager::{
    batch::{CancelBatch, Limits, Progress, StartBatch, Status},
    manager::{Commands, Context, Metadata, ProcessManager, Route},
};
use process_manager_client::feed::MemoryLog;
use process_manager_host::{Manager, instance, operator::Operator, subscription::Pace};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use test_support::eventually;

use super::world::{ID, Input, MOMENT, Numbers, World};
use crate::ended::terminate_in;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Requested { up_to: u32 },
    Withdrawn {},
    BatchProgressed(Progress),
    BatchEnded(Progress),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    StartBatch(StartBatch),
    CancelBatch(CancelBatch),
}

#[derive(Debug, thiserror::Error)]
#[error("the input of the batch cannot be written")]
struct Unwritten;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Counting {
    heard: Vec<Status>,
    accepted: u64,
    undone: u64,
}

impl ProcessManager for Counting {
    const NAME: &'static str = "Counting";
    type Event = Event;
    type Command = Command;
    type Error = Unwritten;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Unwritten> {
        Ok(match event {
            Event::Requested { .. } => Route::start("c"),
            Event::Withdrawn {} => Route::proceed("c"),
            Event::BatchProgressed(_) | Event::BatchEnded(_) => Route::Ignore,
        })
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Unwritten> {
        Ok(match event {
            Event::Requested { up_to } => {
                let start = StartBatch::new::<Numbers>("b", &Input { up_to: *up_to }).map_err(|_| Unwritten)?;
                Command::StartBatch(StartBatch { limits: Limits::default().in_flight(2), ..start }).into()
            }
            Event::Withdrawn {} => {
                let (name, id) = ("Numbers".to_owned(), "b".to_owned());
                Command::CancelBatch(CancelBatch { name, id, undo: true }).into()
            }
            Event::BatchProgressed(_) | Event::BatchEnded(_) => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), Unwritten> {
        if let Event::BatchProgressed(progress) | Event::BatchEnded(progress) = event {
            self.heard.push(progress.status);
            (self.accepted, self.undone) = (progress.accepted, progress.undone);
        }
        Ok(())
    }
}

async fn hosted(numbers: u32) -> (World, MemoryLog) {
    let (mut world, log) = (World::new(numbers, 5).await.gated(), MemoryLog::default());
    host(&mut world, &log, MOMENT).await;
    (world, log)
}

/// Hosts both in another worker, which continues at such intervals what was ended from outside.
async fn host(world: &mut World, log: &MemoryLog, sweep_every: Duration) {
    world.kill();
    let counting = Manager::<Counting>::new(log.clone(), NoDispatcher).starts_batches();
    let pace = Pace { sweep_every, ..Pace::default() };
    world.host(|hosting| hosting.pace(pace).manager(counting)).await;
}

struct NoDispatcher;

impl process_manager_host::Dispatcher<Command> for NoDispatcher {
    async fn dispatch(
        &self,
        _: &Command,
        _: &process_manager_client::http::Envelope,
    ) -> Result<(), process_manager_host::DispatchError> {
        Err(process_manager_host::DispatchError::refused("not-mine", "batches are started by the library"))
    }
}

async fn until_heard(world: &World, status: Status) -> Counting {
    eventually("the process manager hears of it", async || {
        let view = instance::<Counting>(world.server.client(), "c").await.map_err(|error| error.to_string())?;
        let view = view.ok_or("it does not run yet")?;
        let state: Counting = serde_json::from_value(view.state.clone()).map_err(|error| error.to_string())?;
        if state.heard.last() == Some(&status) { Ok(state) } else { Err(format!("{view:?}")) }
    })
    .await
}

#[tokio::test]
async fn b07_a_process_manager_starts_a_batch_and_hears_of_its_pause_and_its_end() {
    let (world, log) = hosted(6).await;
    world.receiver.refuses([2], "not-now");
    log.append(&Event::Requested { up_to: 6 });
    world.until_in_flight(2).await;
    world.receiver.lets_pass(1_000);
    until_heard(&world, Status::Paused).await;
    world.receiver.does.lock().unwrap().clear();
    world.batches.retry(ID).await.unwrap();
    let counting = until_heard(&world, Status::Completed).await;
    assert_eq!(counting.accepted, 6);
    assert_eq!(counting.heard.iter().filter(|status| status.is_end()).count(), 1);
}

#[tokio::test]
async fn b11_a_process_manager_cancels_its_batch_and_what_it_has_done_is_undone() {
    let (world, log) = hosted(20).await;
    log.append(&Event::Requested { up_to: 20 });
    world.receiver.lets_pass(3);
    world.until("three took effect", |progress| progress.accepted == 3).await;
    log.append(&Event::Withdrawn {});
    world.until_draining().await;
    world.receiver.lets_pass(1_000);
    let counting = until_heard(&world, Status::Cancelled).await;
    assert!(counting.undone >= 3);
    assert_eq!(world.receiver.counted(), Vec::<u32>::new());
}

#[tokio::test]
async fn x12_the_process_manager_of_a_batch_that_is_terminated_hears_of_its_pause_and_its_end() {
    let (world, log) = hosted(6).await;
    log.append(&Event::Requested { up_to: 6 });
    world.until_in_flight(2).await;
    terminate_in(world.server.client(), ID).await;
    until_heard(&world, Status::Paused).await;
    world.receiver.lets_pass(1_000);
    world.batches.resume(ID).await.unwrap();
    let counting = until_heard(&world, Status::Completed).await;
    assert_eq!((counting.accepted, world.receiver.counted().len()), (6, 6));
}

#[tokio::test]
async fn x12_a_process_manager_that_is_terminated_hears_of_the_end_of_its_batch_once_it_goes_on() {
    let (mut world, log) = (World::new(2, 5).await.gated(), MemoryLog::default());
    host(&mut world, &log, Duration::from_secs(3_600)).await;
    log.append(&Event::Requested { up_to: 2 });
    world.until_in_flight(2).await;
    let operator = Operator::new(world.server.client().clone());
    let counting = operator.instances::<Counting>();
    terminate_in(world.server.client(), &counting.workflow_id("c")).await;
    world.receiver.lets_pass(2);
    let told = eventually("the end is told, or given up", async || {
        let batch = operator.workflows().describe(ID).await.map_err(|error| error.to_string())?;
        let batch = batch.ok_or("there is no batch")?;
        let is_retried = batch.pending.iter().any(|pending| pending.attempt > 1);
        if is_retried || batch.info.close_time.is_some() { Ok(is_retried) } else { Err(format!("{batch:?}")) }
    });
    assert!(told.await, "the batch has ended, and nobody has heard of it");
    host(&mut world, &log, MOMENT).await;
    eventually("it goes on", async || counting.retry("c", None).await.map_err(|error| error.to_string())).await;
    assert_eq!(until_heard(&world, Status::Completed).await.accepted, 2);
}
