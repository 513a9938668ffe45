//! Ensures that a subscription runs.

use temporalio_client::{
    Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowStartOptions,
    errors::{WorkflowQueryError, WorkflowStartError},
    tonic::Status,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use super::ended::{Latest, Left, latest};
use crate::{
    connect::{bounded_rpc, is_unavailable},
    operator::OperatorError,
    start::StartError,
};
use process_manager::manager::StartFrom;
use process_manager_engine::{
    activities::{Follow, Held},
    subscription::{Subscription, SubscriptionState, workflow_id},
};

/// Starts the subscription unless it runs. Call it at regular intervals as well, so that a subscription that an
/// operator has terminated comes back. With [`StartFrom::Current`] it then goes on where its last turn began, otherwise
/// where a new one begins; its handler may see old events again. A paused subscription comes back paused.
///
/// # Errors
/// Temporal is unavailable, or rejects the start.
pub async fn ensure_subscription(
    client: &Client,
    name: &str,
    task_queue: &str,
    start_from: StartFrom,
) -> Result<(), StartError> {
    let follow = match latest(client, &workflow_id(name)).await.map_err(not_read)? {
        Latest::Runs => return Ok(()),
        Latest::Ended(left) => after(*left, name, start_from),
        Latest::None => Follow::new(name, start_from),
    };
    let input = RawValue::from_value(&follow, &PayloadConverter::serde_json());
    let options = WorkflowStartOptions::new(task_queue, workflow_id(name))
        .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .static_summary(format!("Follow the log for {name}"))
        .rpc_options(bounded_rpc())
        .build();
    match Box::pin(client.start_workflow(Subscription::run, input, options)).await {
        Ok(_) => Ok(()),
        Err(WorkflowStartError::PayloadConversion(error)) => Err(StartError::Encoding(error)),
        Err(WorkflowStartError::AlreadyStarted { source: status, .. } | WorkflowStartError::Rpc(status))
            if is_unavailable(&status) =>
        {
            Err(StartError::Unavailable(status))
        }
        Err(WorkflowStartError::AlreadyStarted { source: status, .. } | WorkflowStartError::Rpc(status)) => {
            Err(StartError::Rejected(status))
        }
        Err(_) => Err(StartError::NoAnswer),
    }
}

/// Returns the input of the run that follows one that was ended from outside.
fn after(left: Left, name: &str, start_from: StartFrom) -> Follow {
    let held = left.is_paused.unwrap_or_default().then(|| Held { is_paused: true, ..Held::default() });
    let begin = Follow::new(name, start_from);
    match left.turn.filter(|_| start_from == StartFrom::Current) {
        Some(turn) => Follow { from: turn.from, continues: turn.continues, start_from: None, held, ..begin },
        None => Follow { held, ..begin },
    }
}

fn not_read(error: OperatorError) -> StartError {
    match error {
        OperatorError::Unavailable(status) => StartError::Unavailable(*status),
        OperatorError::Refused(status) => StartError::Rejected(*status),
        error => StartError::Unavailable(Status::unavailable(error.to_string())),
    }
}

/// Returns a subscription's state, by its query `state`. Needs a worker that hosts it.
///
/// # Errors
/// Temporal is unavailable, no worker answers, or there is no such subscription.
pub async fn subscription_state(client: &Client, name: &str) -> Result<SubscriptionState, WorkflowQueryError> {
    let handle = client.get_workflow_handle::<Subscription>(workflow_id(name));
    let options = WorkflowQueryOptions::builder().rpc_options(bounded_rpc()).build();
    let state = Box::pin(handle.query(Subscription::state, (), options)).await?;
    state.ok_or_else(|| WorkflowQueryError::Other("the subscription has no state".into()))
}
