//! The activity that dispatches commands, for all process managers of a worker.

#![expect(unreachable_pub, reason = "the macro makes public and undocumented items of the documented methods")]

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use temporalio_common::error::{ApplicationErrorCategory, ApplicationFailure};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use super::{DispatchError, Dispatcher};
use crate::{
    causes::with_causes,
    http::{Envelope, traceparent},
    manager::{Refusal, panic_message},
};

/// Types of the activity's failures.
pub(super) mod failure_type {
    /// A business 'no', with a [`super::Refusal`] as details.
    pub(crate) const REFUSED: &str = "Refused";
    /// It may get through the next time.
    pub(crate) const FAULT: &str = "Fault";
    /// It never will.
    pub(crate) const IMPOSSIBLE: &str = "Impossible";
}

/// A command and all that is sent with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandToDispatch {
    pub(super) manager: String,
    pub(super) name: String,
    pub(super) command: Value,
    pub(super) idempotency_key: String,
    pub(super) correlation_id: String,
    pub(super) causation_id: String,
    #[serde(default)]
    pub(super) metadata: std::collections::BTreeMap<String, String>,
}

/// The dispatchers of a worker's process managers, by name. To be registered with the worker's activities.
#[derive(Default)]
pub struct Dispatchers(HashMap<&'static str, Arc<dyn AnyDispatcher>>);

trait AnyDispatcher: Send + Sync {
    fn dispatch<'a>(&'a self, command: Value, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DispatchError>>;
}

struct Typed<C, D>(D, std::marker::PhantomData<fn(C)>);

impl<C: DeserializeOwned + Send + Sync + 'static, D: Dispatcher<C>> AnyDispatcher for Typed<C, D> {
    fn dispatch<'a>(&'a self, command: Value, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DispatchError>> {
        Box::pin(async move {
            let command = serde_json::from_value(command)
                .map_err(|error| DispatchError::Impossible(format!("the command cannot be read: {error}")))?;
            let dispatched = AssertUnwindSafe(async { self.0.dispatch(&command, envelope).await }).catch_unwind().await;
            dispatched.unwrap_or_else(|panic| {
                let said = panic_message(panic.as_ref());
                Err(DispatchError::Impossible(format!("the dispatcher panicked: {said}")))
            })
        })
    }
}

impl Dispatchers {
    pub(super) fn add<C: DeserializeOwned + Send + Sync + 'static>(
        &mut self,
        manager: &'static str,
        it: impl Dispatcher<C>,
    ) {
        self.0.insert(manager, Arc::new(Typed(it, std::marker::PhantomData)));
    }
}

#[activities]
impl Dispatchers {
    /// Sends one command of a process manager.
    #[activity(name = "DispatchCommand")]
    pub async fn dispatch(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: CommandToDispatch,
    ) -> Result<(), ActivityError> {
        let CommandToDispatch { manager, name, command, .. } = input;
        let Some(dispatcher) = self.0.get(manager.as_str()) else {
            let why = format!("this worker has no dispatcher for {manager}");
            return Err(ActivityError::application(fault(why)));
        };
        let correlation_id = input.correlation_id.as_str();
        let envelope = Envelope {
            traceparent: Some(traceparent(correlation_id)),
            idempotency_key: Some(input.idempotency_key),
            correlation_id: Some(input.correlation_id.clone()),
            causation_id: Some(input.causation_id),
            metadata: input.metadata,
        };
        let attempt = ctx.info().attempt;
        match dispatcher.dispatch(command, &envelope).await {
            Ok(()) => {
                tracing::info!(correlation_id, command = name, attempt, "accepted");
                Ok(())
            }
            Err(error) => {
                let why = with_causes(&error);
                tracing::warn!(correlation_id, command = name, attempt, "not accepted: {why}");
                Err(ActivityError::application(failure(error, why)))
            }
        }
    }
}

fn failure(error: DispatchError, why: String) -> ApplicationFailure {
    match error {
        DispatchError::Fault(_) => fault(why),
        DispatchError::Impossible(_) => {
            ApplicationFailure::builder(why).type_name(failure_type::IMPOSSIBLE.to_owned()).non_retryable(true).build()
        }
        DispatchError::Refused(problem) => {
            let refusal = Refusal { code: problem.code, detail: problem.detail };
            ApplicationFailure::builder(refusal.clone())
                .type_name(failure_type::REFUSED.to_owned())
                .non_retryable(true)
                .category(ApplicationErrorCategory::Benign)
                .details(refusal)
                .build()
        }
    }
}

fn fault(why: String) -> ApplicationFailure {
    ApplicationFailure::builder(why).type_name(failure_type::FAULT.to_owned()).build()
}
