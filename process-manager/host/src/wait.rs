//! Reads instances from outside, and waits for them.

use std::time::Duration;

use process_manager_wire::{CloudEvent, Position};
use temporalio_client::{
    Client, NamespacedClient, WorkflowDescribeOptions, WorkflowExecuteUpdateOptions, WorkflowHandle,
    WorkflowQueryOptions,
    errors::{WorkflowInteractionError, WorkflowQueryError, WorkflowUpdateError},
    grpc::WorkflowService,
    tonic::{Code, IntoRequest, Status},
};
use temporalio_common::{
    data_converters::{PayloadConverter, RawValue},
    protos::temporal::api::{
        common::v1::{Payloads, WorkflowExecution},
        enums::v1::HistoryEventFilterType,
        failure::v1::{Failure, failure::FailureInfo},
        history::v1::{HistoryEvent, history_event::Attributes},
        workflowservice::v1::GetWorkflowExecutionHistoryRequest,
    },
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::connect::bounded_rpc;
use process_manager::{
    instance::{InstanceView, Ledger},
    manager::{ProcessManager, Routed, route},
};
use process_manager_engine::instance::{
    FinalRecord, HandledUpTo, HandledUpdate, IS_PARKED, PARKED, RunInstance, StateQuery, workflow_id,
};

const POLL: Duration = Duration::from_millis(100);

/// Why a wait for an event to be handled ended without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The event cannot be routed.
    #[error("the event cannot be routed: {0}")]
    NotRouted(String),
    /// An instance is parked with a failure, so the event waits for an operator.
    #[error("instance {0} is parked with a failure")]
    Parked(String),
    /// Not within the time.
    #[error("instance {0} has not handled the event within the time")]
    TimedOut(String),
}

/// Returns once the process manager has handled this event: strong consistency for a caller that has just caused it. It
/// does not wait for the events that its commands lead to.
///
/// The event itself comes to the process manager by its subscription, in its turn; an update waits for that in the
/// instance. While Temporal is unavailable, the request is retried until the limit.
///
/// # Errors
/// [`WaitError`]. A call that ended in one may be repeated.
pub async fn wait_until_handled<M: ProcessManager>(
    client: &Client,
    event: &CloudEvent,
    limit: Duration,
) -> Result<(), WaitError> {
    let deadline = Instant::now() + limit;
    let routed = route::<M>(event).map_err(|error| WaitError::NotRouted(error.to_string()))?;
    let Routed::To(_, ids) = routed else { return Ok(()) };
    for id in ids {
        let handled = timeout_at(deadline, wait_for::<M>(client, &id, event)).await;
        match handled {
            Ok(Ok(())) => (),
            Ok(Err(Parked)) => return Err(WaitError::Parked(id)),
            Err(_) => return Err(WaitError::TimedOut(id)),
        }
    }
    Ok(())
}

struct Parked;

async fn wait_for<M: ProcessManager>(client: &Client, id: &str, event: &CloudEvent) -> Result<(), Parked> {
    loop {
        match wait::<M>(client, id, &event.logid, event.sequence).await {
            Ok(()) => return Ok(()),
            Err(InstanceWaitError::Parked) => return Err(Parked),
            // It has not begun yet, or it has ended.
            Err(InstanceWaitError::NotThere) => match ledger_of_last::<M>(client, id).await {
                Ok(ledger) if ledger.has_handled(&event.logid, event.sequence) => return Ok(()),
                Ok(_) => (),
                Err(error) => tracing::debug!(id, %error, "the instance cannot be looked at"),
            },
            Err(InstanceWaitError::Fault(error)) => tracing::debug!(id, error, "the instance cannot be waited for"),
        }
        sleep(POLL).await;
    }
}

/// Why an instance could not be waited for.
pub(crate) enum InstanceWaitError {
    Parked,
    NotThere,
    Fault(Box<dyn std::error::Error + Send + Sync>),
}

/// Waits until the instance that runs has handled everything up to this place.
pub(crate) async fn wait<M: ProcessManager>(
    client: &Client,
    id: &str,
    log: &str,
    position: Position,
) -> Result<(), InstanceWaitError> {
    let input = RawValue::from_value(&HandledUpTo { log: log.to_owned(), position }, &PayloadConverter::serde_json());
    let options = WorkflowExecuteUpdateOptions::builder().build();
    let handle = handle::<M>(client, id);
    match Box::pin(handle.execute_update(HandledUpdate::<M>::default(), input, options)).await {
        Ok(()) => Ok(()),
        Err(WorkflowUpdateError::NotFound(_)) => Err(InstanceWaitError::NotThere),
        Err(WorkflowUpdateError::Failed(failure)) if is_parked(&failure) => Err(InstanceWaitError::Parked),
        Err(error) => Err(InstanceWaitError::Fault(error.into())),
    }
}

/// Whether the update failed because the instance is parked; the first instances said so by a text alone.
fn is_parked(failure: &Failure) -> bool {
    let is_typed = match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type == PARKED,
        _ => false,
    };
    is_typed || failure.message == IS_PARKED || failure.cause.as_deref().is_some_and(is_parked)
}

pub(crate) fn handle<M: ProcessManager>(client: &Client, id: &str) -> WorkflowHandle<Client, RunInstance<M>> {
    client.get_workflow_handle::<RunInstance<M>>(workflow_id::<M>(id))
}

/// The instance that runs; `None` when none does.
pub(crate) async fn running<M: ProcessManager>(
    client: &Client,
    id: &str,
) -> Result<Option<InstanceView>, WorkflowInteractionError> {
    let options = WorkflowDescribeOptions::builder().rpc_options(bounded_rpc()).build();
    let handle = handle::<M>(client, id);
    match Box::pin(handle.describe(options)).await {
        Ok(run) if run.close_time().is_none() => instance::<M>(client, id).await,
        Ok(_) | Err(WorkflowInteractionError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the view of an instance, also of one that has ended; `None` where there never was one. Needs a worker that
/// hosts it.
///
/// # Errors
/// Temporal is unavailable, or no worker answers.
pub async fn instance<M: ProcessManager>(
    client: &Client,
    id: &str,
) -> Result<Option<InstanceView>, WorkflowInteractionError> {
    let options = WorkflowQueryOptions::builder().rpc_options(bounded_rpc()).build();
    let query = StateQuery::<M>::default();
    match Box::pin(handle::<M>(client, id).query(query, RawValue::new(Vec::new()), options)).await {
        Ok(view) => Ok(view),
        Err(WorkflowQueryError::NotFound(_)) => Ok(None),
        Err(error) => Err(WorkflowInteractionError::Other(error.into())),
    }
}

/// Returns the ledger of the latest run with this id.
///
/// A closed run stores it in its result or failure details; an open or terminated run is queried. The run is described
/// first, because fetching the close event of an open run would block.
pub(crate) async fn ledger_of_last<M: ProcessManager>(
    client: &Client,
    id: &str,
) -> Result<Ledger, WorkflowInteractionError> {
    if let Some(view) = running::<M>(client, id).await? {
        return Ok(view.ledger);
    }
    let last = match last_event(client, workflow_id::<M>(id)).await {
        Ok(last) => last,
        Err(status) if status.code() == Code::NotFound => return Ok(Ledger::default()),
        Err(status) => return Err(WorkflowInteractionError::Rpc(status)),
    };
    if let Some(record) = last.as_ref().and_then(left_behind) {
        return Ok(record.ledger);
    }
    Ok(instance::<M>(client, id).await?.map(|view| view.ledger).unwrap_or_default())
}

/// The event with which the last run was closed.
async fn last_event(client: &Client, workflow_id: String) -> Result<Option<HistoryEvent>, Status> {
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: client.namespace(),
        execution: Some(WorkflowExecution { workflow_id, run_id: String::new() }),
        history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
        ..Default::default()
    };
    let answer = client.clone().get_workflow_execution_history(request.into_request()).await?.into_inner();
    Ok(answer.history.and_then(|history| history.events.into_iter().next_back()))
}

fn left_behind(event: &HistoryEvent) -> Option<FinalRecord> {
    let payloads: &Payloads = match event.attributes.as_ref()? {
        Attributes::WorkflowExecutionCompletedEventAttributes(completed) => completed.result.as_ref()?,
        Attributes::WorkflowExecutionFailedEventAttributes(failed) => {
            match failed.failure.as_ref()?.failure_info.as_ref()? {
                FailureInfo::ApplicationFailureInfo(info) => info.details.as_ref()?,
                _ => return None,
            }
        }
        _ => return None,
    };
    serde_json::from_slice(&payloads.payloads.first()?.data).ok()
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::failure::v1::ApplicationFailureInfo;

    use super::*;

    fn failure(message: &str, kind: &str) -> Failure {
        let info = ApplicationFailureInfo { r#type: kind.to_owned(), ..Default::default() };
        let failure_info = Some(FailureInfo::ApplicationFailureInfo(info));
        Failure { message: message.to_owned(), failure_info, ..Failure::default() }
    }

    #[test]
    fn a_parked_instance_is_known_by_the_type_of_the_failure_and_one_of_the_first_by_its_text() {
        let inner = failure("whatever it says", PARKED);
        assert!(is_parked(&inner));
        assert!(is_parked(&Failure { cause: Some(Box::new(inner)), ..failure("outer", "") }));
        assert!(is_parked(&failure(IS_PARKED, "")));
        assert!(!is_parked(&failure("log is parked is no position", "")));
    }
}
