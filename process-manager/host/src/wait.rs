//! Reads instances from outside, and waits for them.

use std::time::Duration;

use process_manager_wire::{CloudEvent, FeedPosition};
use temporalio_client::{
    Client, NamespacedClient, WorkflowExecuteUpdateOptions, WorkflowHandle, WorkflowQueryOptions,
    errors::{WorkflowInteractionError, WorkflowQueryError, WorkflowUpdateError},
    grpc::WorkflowService,
};
use temporalio_common::{
    data_converters::{PayloadConverter, RawValue},
    protos::temporal::api::{
        common::v1::WorkflowExecution,
        failure::v1::{Failure, failure::FailureInfo},
        workflowservice::v1::DescribeWorkflowExecutionRequest,
    },
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    connect::{bounded_request, bounded_rpc},
    delivery::known::{self, Latest},
    subscription::subscription_state,
};
use process_manager::{
    instance::InstanceView,
    manager::{ProcessManager, Routed, route},
};
use process_manager_engine::{
    instance::{HandledAnswer, HandledUpTo, HandledUpdate, IS_PARKED, PARKED, RunInstance, StateQuery, workflow_id},
    subscription,
};

const POLL: Duration = Duration::from_millis(100);
/// The time limit of one wait in an instance: a run takes ten at a time, and a wait whose caller has gone must not stay
/// for long.
const WITHIN: Duration = Duration::from_secs(5);

/// The reason why a wait ended before the event was handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The event cannot be routed.
    #[error("the event cannot be routed: {0}")]
    NotRouted(String),
    /// An instance is parked with a failure, so the event waits for an operator.
    #[error("instance {0} is parked with a failure")]
    Parked(String),
    /// The event was not handled in time.
    #[error("instance {0} has not handled the event within the time")]
    TimedOut(String),
}

/// Returns once the process manager has handled this event: strong consistency for a caller that has just caused it. It
/// does not wait for the events that follow from its commands.
///
/// The event itself reaches the process manager by its subscription, in turn; an update in the instance waits for it.
/// While Temporal is unavailable, the request is retried until the limit. An event that nobody handles counts as
/// handled once the subscription has passed it: one that was skipped, or a stop if no instance runs.
///
/// # Errors
/// [`WaitError`]. A failed call may be repeated.
pub async fn wait_until_handled<M: ProcessManager>(
    client: &Client,
    event: &CloudEvent,
    limit: Duration,
) -> Result<(), WaitError> {
    wait_until_handled_by::<M>(client, M::NAME, event, limit).await
}

/// Does the same as [`wait_until_handled`], for an event of the log that the subscription with this name follows
/// ([`Manager::also_follows`](crate::Manager::also_follows)).
///
/// # Errors
/// Same as [`wait_until_handled`].
pub async fn wait_until_handled_by<M: ProcessManager>(
    client: &Client,
    subscription: &str,
    event: &CloudEvent,
    limit: Duration,
) -> Result<(), WaitError> {
    let deadline = Instant::now() + limit;
    let routed = route::<M>(event).map_err(|error| WaitError::NotRouted(error.to_string()))?;
    let Routed::To(_, ids) = routed else { return Ok(()) };
    for id in ids {
        let handled = timeout_at(deadline, wait_for::<M>(client, subscription, &id, event)).await;
        match handled {
            Ok(Ok(())) => (),
            Ok(Err(Parked)) => return Err(WaitError::Parked(id)),
            Err(_) => return Err(WaitError::TimedOut(id)),
        }
    }
    Ok(())
}

struct Parked;

async fn wait_for<M: ProcessManager>(
    client: &Client,
    subscription: &str,
    id: &str,
    event: &CloudEvent,
) -> Result<(), Parked> {
    // Short at first: most events are handled at once, or by nobody.
    let mut within = POLL;
    loop {
        match wait::<M>(client, id, event, within).await {
            Ok(HandledAnswer::Handled) => return Ok(()),
            Ok(HandledAnswer::Parked) => return Err(Parked),
            Ok(HandledAnswer::NotYet { is_accepted }) => {
                // If the subscription has passed the event, the instance has it by now, or will never get it.
                let is_passed = !is_accepted && has_passed(client, subscription, event).await;
                if is_passed && has_not_got::<M>(client, id, event).await {
                    return Ok(());
                }
                within = WITHIN;
                continue;
            }
            Err(WorkflowUpdateError::NotFound(_)) => {
                let is_passed = has_passed(client, subscription, event).await;
                match ended::<M>(client, id, event).await {
                    Ok(Ended::Handled) => return Ok(()),
                    Ok(Ended::NotGiven) if is_passed => return Ok(()),
                    Ok(_) => (),
                    Err(error) => tracing::debug!(id, %error, "the instance cannot be looked at"),
                }
            }
            Err(error) => tracing::debug!(id, %error, "the instance cannot be waited for"),
        }
        sleep(POLL).await;
    }
}

/// Returns whether the running instance has received neither the event nor a later one.
async fn has_not_got<M: ProcessManager>(client: &Client, id: &str, event: &CloudEvent) -> bool {
    let answer = wait::<M>(client, id, event, Duration::from_millis(1)).await;
    matches!(answer, Ok(HandledAnswer::NotYet { is_accepted: false }))
}

/// How far an instance that does not run got with an event.
enum Ended {
    Handled,
    /// It has not received the event.
    NotGiven,
    /// It runs by now, or had the event when it was ended from outside.
    Unknown,
}

async fn ended<M: ProcessManager>(
    client: &Client,
    id: &str,
    event: &CloudEvent,
) -> Result<Ended, temporalio_client::tonic::Status> {
    let workflow_id = workflow_id::<M>(id);
    let ledger = match known::latest(client, &workflow_id).await? {
        Latest::Running(_) => return Ok(Ended::Unknown),
        Latest::None => return Ok(Ended::NotGiven),
        Latest::Closed(run_id) => known::ledger(client, &workflow_id, &run_id).await?.unwrap_or_default(),
    };
    Ok(match ledger {
        ledger if ledger.has_handled(&event.logid, event.sequence) => Ended::Handled,
        ledger if ledger.has_accepted_up_to(&event.logid, event.sequence) => Ended::Unknown,
        _ => Ended::NotGiven,
    })
}

/// Returns once the instance has handled the event, is parked or has ended.
pub(crate) async fn settled<M: ProcessManager>(client: &Client, id: &str, event: &CloudEvent) {
    loop {
        match wait::<M>(client, id, event, WITHIN).await {
            Ok(HandledAnswer::Handled | HandledAnswer::Parked) | Err(WorkflowUpdateError::NotFound(_)) => return,
            Ok(HandledAnswer::NotYet { .. }) => (),
            Err(error) => {
                tracing::debug!(id, %error, "the instance cannot be waited for");
                sleep(POLL).await;
            }
        }
    }
}

/// Waits, within this time, until the running instance has handled everything up to this position.
async fn wait<M: ProcessManager>(
    client: &Client,
    id: &str,
    event: &CloudEvent,
    within: Duration,
) -> Result<HandledAnswer, WorkflowUpdateError> {
    let within_ms = u64::try_from(within.as_millis()).ok();
    let input = HandledUpTo { log: event.logid.clone(), position: event.sequence, within_ms };
    let input = RawValue::from_value(&input, &PayloadConverter::serde_json());
    let options = WorkflowExecuteUpdateOptions::builder().build();
    let handle = handle::<M>(client, id);
    let answer = match Box::pin(handle.execute_update(HandledUpdate::<M>::default(), input, options)).await {
        // A worker of an older version, which knows no limit of the wait, answers like this as well.
        Err(WorkflowUpdateError::Failed(failure)) if is_parked(&failure) => return Ok(HandledAnswer::Parked),
        answer => answer?,
    };
    let answer = answer.payloads.first().and_then(|payload| serde_json::from_slice(&payload.data).ok());
    // A worker of an older version answers with nothing, once the event has been handled.
    Ok(answer.unwrap_or(HandledAnswer::Handled))
}

/// Returns whether the subscription has passed the event, according to its heartbeat, which may be some seconds old.
async fn has_passed(client: &Client, name: &str, event: &CloudEvent) -> bool {
    let is_beyond = |at: &FeedPosition| at.logid.as_ref() == Some(&event.logid) && at.position >= event.sequence;
    let execution = WorkflowExecution { workflow_id: subscription::workflow_id(name), run_id: String::new() };
    let request = DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: Some(execution) };
    let described = client.clone().describe_workflow_execution(bounded_request(request)).await;
    let Ok(described) = described.map(temporalio_client::tonic::Response::into_inner) else { return false };
    let mut heartbeats = described.pending_activities.into_iter().filter_map(|pending| pending.heartbeat_details);
    let told = heartbeats.find_map(|it| serde_json::from_slice::<FeedPosition>(&it.payloads.first()?.data).ok());
    match told {
        Some(at) if is_beyond(&at) => true,
        // It waits for an operator, or a turn has just begun.
        _ => subscription_state(client, name).await.is_ok_and(|state| is_beyond(&state.at)),
    }
}

pub(crate) fn handle<M: ProcessManager>(client: &Client, id: &str) -> WorkflowHandle<Client, RunInstance<M>> {
    client.get_workflow_handle::<RunInstance<M>>(workflow_id::<M>(id))
}

/// Returns the view of an instance, even one that has ended; `None` if there never was one. Needs a worker that hosts
/// it.
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

/// Returns whether the update failed because the instance is parked; the first instances said so only in the text.
fn is_parked(failure: &Failure) -> bool {
    let is_typed = match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type == PARKED,
        _ => false,
    };
    is_typed || failure.message == IS_PARKED || failure.cause.as_deref().is_some_and(is_parked)
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
