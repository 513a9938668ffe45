//! The activity that dispatches commands, for all process managers of a worker.

#![expect(dead_code, unreachable_pub, reason = "the macro makes public items of the methods, which nobody calls")]

use std::{collections::HashMap, marker::PhantomData, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use process_manager_engine::{
    activities::{Answer, AskQuestion, CommandToDispatch, DispatchCommand},
    outcome,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use super::{DispatchError, Dispatcher};
use crate::batch::{BATCH_COMMANDS, command_batch};
use process_manager::manager::Refusal;
use process_manager_client::http::{Envelope, traceparent};
use process_manager_wire::{error_chain, headers, panic_message};

/// The dispatchers of a worker's process managers, by name. Register it with the worker's activities.
pub struct Dispatchers {
    by_manager: HashMap<&'static str, Hosted>,
    task_queue: String,
}

struct Hosted {
    dispatcher: Arc<dyn AnyDispatcher>,
    starts_batches: bool,
}

pub(super) trait AnyDispatcher: Send + Sync {
    fn dispatch<'a>(&'a self, command: Value, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DispatchError>>;
    fn ask<'a>(&'a self, question: Value, envelope: &'a Envelope) -> BoxFuture<'a, Result<Value, DispatchError>>;
}

/// A dispatcher that takes its command as JSON.
pub(super) struct Typed<C, D>(D, PhantomData<fn(C)>);

impl<C, D: Dispatcher<C>> Typed<C, D> {
    pub(super) fn new(dispatcher: D) -> Self {
        Self(dispatcher, PhantomData)
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static, D: Dispatcher<C>> AnyDispatcher for Typed<C, D> {
    fn dispatch<'a>(&'a self, command: Value, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DispatchError>> {
        Box::pin(async move {
            let command = read(command)?;
            or_panic(async { self.0.dispatch(&command, envelope).await }).await
        })
    }

    fn ask<'a>(&'a self, question: Value, envelope: &'a Envelope) -> BoxFuture<'a, Result<Value, DispatchError>> {
        Box::pin(async move {
            let question = read(question)?;
            or_panic(async { self.0.ask(&question, envelope).await }).await
        })
    }
}

fn read<C: DeserializeOwned>(command: Value) -> Result<C, DispatchError> {
    serde_json::from_value(command)
        .map_err(|error| DispatchError::Impossible(format!("the command cannot be read: {error}")))
}

async fn or_panic<T>(answer: impl Future<Output = Result<T, DispatchError>>) -> Result<T, DispatchError> {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|panic| {
        let said = panic_message(panic.as_ref());
        Err(DispatchError::Impossible(format!("the dispatcher panicked: {said}")))
    })
}

impl Dispatchers {
    pub(super) fn new(task_queue: String) -> Self {
        Self { by_manager: HashMap::new(), task_queue }
    }

    pub(super) fn add(&mut self, manager: &'static str, dispatcher: Arc<dyn AnyDispatcher>, starts_batches: bool) {
        self.by_manager.insert(manager, Hosted { dispatcher, starts_batches });
    }
}

#[activities]
impl Dispatchers {
    /// Sends one command of a process manager.
    #[activity(definition = DispatchCommand)]
    pub async fn dispatch_command(
        self: Arc<Self>,
        ctx: ActivityContext,
        mut input: CommandToDispatch,
    ) -> Result<(), ActivityError> {
        let (hosted, command) = (self.hosted(&input.manager)?, std::mem::take(&mut input.command));
        let dispatched = if hosted.starts_batches && BATCH_COMMANDS.contains(&input.name.as_str()) {
            let owner = ctx.info().workflow_id.clone();
            command_batch(&ctx.client(), &self.task_queue, owner, &input.correlation_id, command).await
        } else {
            hosted.dispatcher.dispatch(command, &envelope(&input)).await
        };
        answered(&ctx, &input, dispatched)
    }

    /// Asks one question of a process manager.
    #[activity(definition = AskQuestion)]
    pub async fn ask_question(
        self: Arc<Self>,
        ctx: ActivityContext,
        mut input: CommandToDispatch,
    ) -> Result<Answer, ActivityError> {
        let (hosted, question) = (self.hosted(&input.manager)?, std::mem::take(&mut input.command));
        let answer = hosted.dispatcher.ask(question, &envelope(&input)).await.and_then(|answer| {
            let no_event = |error| DispatchError::Impossible(format!("the answer is no event: {error}"));
            serde_json::from_value(answer).map_err(no_event)
        });
        answered(&ctx, &input, answer)
    }
}

impl Dispatchers {
    fn hosted(&self, manager: &str) -> Result<&Hosted, ActivityError> {
        let unknown = || outcome::fault(format!("this worker has no dispatcher for {manager}"));
        self.by_manager.get(manager).ok_or_else(|| ActivityError::application(unknown()))
    }
}

fn envelope(input: &CommandToDispatch) -> Envelope {
    Envelope {
        // Made from the id as it is sent: it comes back with the events that follow from the command.
        traceparent: Some(traceparent(&headers::fit(&input.correlation_id))),
        idempotency_key: Some(input.idempotency_key.clone()),
        correlation_id: Some(input.correlation_id.clone()),
        causation_id: Some(input.causation_id.clone()),
        metadata: input.metadata.clone(),
    }
}

fn answered<T>(
    ctx: &ActivityContext,
    input: &CommandToDispatch,
    answer: Result<T, DispatchError>,
) -> Result<T, ActivityError> {
    let (attempt, correlation_id, command) = (ctx.info().attempt, &input.correlation_id, &input.name);
    match answer {
        Ok(answer) => {
            tracing::info!(correlation_id, command, attempt, "accepted");
            Ok(answer)
        }
        Err(error) => {
            let why = error_chain(&error);
            tracing::warn!(correlation_id, command, attempt, "not accepted: {why}");
            Err(ActivityError::application(failure(error, why)))
        }
    }
}

fn failure(error: DispatchError, why: String) -> ApplicationFailure {
    match error {
        DispatchError::Fault(_) => outcome::fault(why),
        DispatchError::Impossible(_) => outcome::impossible(why),
        DispatchError::Refused(problem) => outcome::refused(Refusal { code: problem.code, detail: problem.detail }),
    }
}
