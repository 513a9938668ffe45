//! What is left of a subscription whose run was ended from outside: an operator's pause.

use process_manager_engine::{activities::Follow, subscription::is_paused_by};
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService};
use temporalio_common::{
    data_converters::RawValue,
    protos::temporal::api::{
        common::v1::WorkflowExecution,
        enums::v1::WorkflowExecutionStatus,
        history::v1::{HistoryEvent, history_event::Attributes},
        workflowservice::v1::GetWorkflowExecutionHistoryReverseRequest,
    },
};

use crate::operator::{OperatorError, Workflows, bounded, first, within};

/// The number of events in a page of a history.
const PAGE: i32 = 100;

/// The latest run of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Latest {
    Runs,
    /// It was ended from outside while it was paused.
    EndedPaused,
    /// Nothing is left of it, or there was none.
    Ended,
}

/// Reads the latest run of a subscription.
pub(super) async fn latest(client: &Client, workflow_id: &str) -> Result<Latest, OperatorError> {
    use WorkflowExecutionStatus::{Canceled, Running, Terminated, TimedOut};
    let described = Workflows::new(client.clone()).describe(workflow_id).await?;
    let Some(info) = described.map(|described| described.info) else { return Ok(Latest::Ended) };
    Ok(match (info.status(), info.execution) {
        (Running, _) => Latest::Runs,
        (Canceled | Terminated | TimedOut, Some(run)) if was_paused(client, &run).await? => Latest::EndedPaused,
        _ => Latest::Ended,
    })
}

/// Returns whether the run was paused when it ended: by its latest signal about that, or from its beginning.
async fn was_paused(client: &Client, run: &WorkflowExecution) -> Result<bool, OperatorError> {
    let (mut client, mut next_page_token) = (client.clone(), Vec::new());
    loop {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: client.namespace(),
            execution: Some(run.clone()),
            maximum_page_size: PAGE,
            next_page_token,
        };
        let page = within(client.get_workflow_execution_history_reverse(bounded(request))).await?;
        let page = page.map_err(OperatorError::of)?;
        let mut events = page.history.unwrap_or_default().events.into_iter();
        if let Some(is_paused) = events.find_map(is_paused_after) {
            return Ok(is_paused);
        }
        next_page_token = page.next_page_token;
        if next_page_token.is_empty() {
            return Ok(false);
        }
    }
}

/// Returns whether the subscription is paused after this event of its history; `None` if the event does not say.
fn is_paused_after(event: HistoryEvent) -> Option<bool> {
    match event.attributes? {
        Attributes::WorkflowExecutionSignaledEventAttributes(signal) => {
            is_paused_by(&signal.signal_name, &RawValue::new(signal.input.unwrap_or_default().payloads))
        }
        Attributes::WorkflowExecutionStartedEventAttributes(started) => {
            let follow = first::<Follow>(started.input.as_ref());
            Some(follow.and_then(|follow| follow.held).is_some_and(|held| held.is_paused))
        }
        _ => None,
    }
}
