//! The activities of all batches of a worker.

#![expect(dead_code, unreachable_pub, reason = "the macro makes public items of the methods, which nobody calls")]

use std::{collections::HashMap, marker::PhantomData, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use process_manager::batch::{Advance, Batch, Chunk, Items};
use process_manager_engine::batch::{
    BatchFailures, EventsToTell, FailuresToKeep, KeepFailures, ReleaseFailures, RunChunk, TellInstance, UNUSABLE,
};
use process_manager_wire::{error_chain, panic_message};
use temporalio_common::{
    error::ApplicationFailure, protos::temporal::api::enums::v1::WorkflowExecutionStatus,
    search_attributes::SearchAttributes,
};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{ItemSource, chunk::run, pages::Unusable};
use crate::{
    Dispatcher,
    heartbeat::{HEARTBEAT_EVERY, heartbeat},
    operator::{OperatorError, Workflows},
    start::{ProcessStart, start_process},
};

/// The batches that a worker hosts, by name. Register it with the worker's activities.
pub struct HostedBatches {
    batches: HashMap<&'static str, Arc<dyn AnyBatch>>,
    task_queue: String,
    stop: CancellationToken,
}

trait AnyBatch: Send + Sync {
    fn run<'a>(
        &'a self,
        chunk: &'a Chunk,
        before: Advance,
        told: &'a watch::Sender<Advance>,
        stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Advance, Unusable>>;
}

struct Hosted<B, S, D> {
    source: S,
    dispatcher: D,
    batch: PhantomData<fn(B)>,
}

impl<B: Batch, S: ItemSource<B>, D: Dispatcher<B::Command>> AnyBatch for Hosted<B, S, D> {
    fn run<'a>(
        &'a self,
        chunk: &'a Chunk,
        before: Advance,
        told: &'a watch::Sender<Advance>,
        stop: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Advance, Unusable>> {
        run::<B, S, D>((&self.source, &self.dispatcher), chunk, before, told, stop).boxed()
    }
}

impl HostedBatches {
    pub(crate) fn new(task_queue: String, stop: CancellationToken) -> Self {
        Self { batches: HashMap::new(), task_queue, stop }
    }

    pub(crate) fn add<B: Batch>(&mut self, source: impl ItemSource<B>, dispatcher: impl Dispatcher<B::Command>) {
        self.batches.insert(B::NAME, Arc::new(Hosted::<B, _, _> { source, dispatcher, batch: PhantomData }));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.batches.keys().copied()
    }
}

#[activities]
impl HostedBatches {
    /// Sends the commands of some items.
    #[activity(definition = RunChunk)]
    pub async fn run_chunk(self: Arc<Self>, ctx: ActivityContext, mut chunk: Chunk) -> Result<Advance, ActivityError> {
        let Some(batch) = self.batches.get(chunk.name.as_str()) else {
            return Err(fault(format!("this worker has no batch {}", chunk.name)));
        };
        let before = before(&ctx, &mut chunk);
        let told = watch::Sender::new(before.clone());
        let mut beside = JoinSet::new();
        beside.spawn(heartbeat(ctx.clone(), told.subscribe(), HEARTBEAT_EVERY));
        if let Items::Kept { workflow_id, answered } = &chunk.items {
            let unread = format!("{workflow_id} does not tell its items");
            told.send_modify(|told| told.fault = Some(unread.clone()));
            let items = Workflows::new(ctx.client()).query(workflow_id, "failed").await;
            let items = items.map_err(|error| fault(error_chain(&error)))?.ok_or_else(|| fault(unread))?;
            chunk.items = Items::Failed { items, answered: answered.clone() };
        }
        let stop = self.stop.child_token();
        let cancelled = async {
            ctx.cancelled().await;
            stop.cancel();
            std::future::pending().await
        };
        let running = AssertUnwindSafe(batch.run(&chunk, before, &told, &stop)).catch_unwind();
        let outcome = tokio::select! {
            outcome = running => outcome,
            never = cancelled => never,
        };
        let panicked = |panic: Box<dyn std::any::Any + Send>| {
            Err(Unusable(format!("the code of the batch panicked: {}", panic_message(panic.as_ref()))))
        };
        outcome.unwrap_or_else(panicked).map_err(unusable)
    }

    /// Starts the workflow that keeps a page of failed items.
    #[activity(definition = KeepFailures)]
    pub async fn keep_failures(
        self: Arc<Self>,
        ctx: ActivityContext,
        failures: FailuresToKeep,
    ) -> Result<(), ActivityError> {
        let start = ProcessStart {
            workflow_id: failures.workflow_id,
            task_queue: self.task_queue.clone(),
            summary: format!("{} failed items", failures.items.len()),
            search_attributes: SearchAttributes::default(),
        };
        let started = start_process(&ctx.client(), &BatchFailures::run, &failures.items, start).await;
        started.map(drop).map_err(|error| fault(error_chain(&error)))
    }

    /// Ends the workflow that keeps a page.
    #[activity(definition = ReleaseFailures)]
    pub async fn release_failures(
        self: Arc<Self>,
        ctx: ActivityContext,
        workflow_id: String,
    ) -> Result<(), ActivityError> {
        signal(&ctx, &workflow_id, "release", &()).await.map(drop)
    }

    /// Tells an instance of a process manager about its batch. An instance whose run was ended from outside goes on in
    /// another run, which has to hear it.
    #[activity(definition = TellInstance)]
    pub async fn tell_instance(self: Arc<Self>, ctx: ActivityContext, told: EventsToTell) -> Result<(), ActivityError> {
        let id = &told.workflow_id;
        if signal(&ctx, id, "deliver", &told.events).await? {
            return Ok(());
        }
        match has_ended_by_itself(&Workflows::new(ctx.client()), id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(fault(format!("{id} was ended from outside, and has not been continued yet"))),
            Err(error) => Err(fault(error_chain(&error))),
        }
    }
}

/// Whether the workflow has nothing left to do, or was never there.
async fn has_ended_by_itself(workflows: &Workflows, workflow_id: &str) -> Result<bool, OperatorError> {
    use WorkflowExecutionStatus::{Completed, Failed};
    let latest = workflows.describe(workflow_id).await?;
    Ok(latest.is_none_or(|run| matches!(run.info.status(), Completed | Failed)))
}

/// Signals a workflow; `false` where none runs.
async fn signal(
    ctx: &ActivityContext,
    workflow_id: &str,
    name: &str,
    payload: &(impl serde::Serialize + Sync),
) -> Result<bool, ActivityError> {
    match Workflows::new(ctx.client()).signal(workflow_id, name, payload).await {
        Ok(()) => Ok(true),
        Err(OperatorError::NotFound(_) | OperatorError::NotRunning(_)) => Ok(false),
        Err(error) => Err(fault(error_chain(&error))),
    }
}

/// Returns what the last attempt did, if it reported that; the chunk then goes on from there.
fn before(ctx: &ActivityContext, chunk: &mut Chunk) -> Advance {
    let before = ctx.heartbeat_details().deserialize::<Advance>().unwrap_or_else(|error| {
        tracing::warn!(%error, "what the last attempt has done cannot be read; the chunk begins anew");
        None
    });
    let (undoes, retries) = (chunk.undoes, !matches!(chunk.items, Items::Source { .. }));
    let before = match (&mut chunk.items, before) {
        (Items::Source { place, .. }, Some(before)) => {
            place.clone_from(&before.place);
            before
        }
        (Items::Source { place, .. }, None) => Advance { place: place.clone(), undoes, ..Advance::default() },
        (Items::Failed { answered, .. } | Items::Kept { answered, .. }, before) => {
            let before = before.unwrap_or_else(|| Advance { undoes, retries, ..Advance::default() });
            answered.extend(before.place.answered.iter().cloned());
            before
        }
    };
    Advance { is_repeated: ctx.info().attempt > 1, ..before }
}

fn fault(why: String) -> ActivityError {
    ActivityError::application(ApplicationFailure::new(why))
}

/// Ends the chunk for good: an operator has to look at it.
fn unusable(error: Unusable) -> ActivityError {
    let failure = ApplicationFailure::builder(error.to_string()).type_name(UNUSABLE.to_owned()).non_retryable(true);
    ActivityError::application(failure.build())
}
