//! What is left of a subscription whose run was ended from outside: an operator's pause, and its place in the log.

use process_manager::manager::StartFrom;
use process_manager_engine::{activities::Follow, subscription::is_paused_by};
use process_manager_wire::{FeedPosition, Position};
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
#[derive(Debug)]
pub(super) enum Latest {
    Runs,
    /// It was ended from outside.
    Ended(Box<Left>),
    /// Nothing is left of it, or there was none.
    None,
}

/// What a run that was ended from outside leaves.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Whether it was paused: by its latest signal about that, or from its beginning. `None` until that is read.
    pub(super) is_paused: Option<bool>,
    /// The beginning of its last turn, once its place in the log was known.
    pub(super) turn: Option<Follow>,
}

/// Reads the latest run of a subscription.
pub(super) async fn latest(client: &Client, workflow_id: &str) -> Result<Latest, OperatorError> {
    use WorkflowExecutionStatus::{Canceled, Running, Terminated, TimedOut};
    let described = Workflows::new(client.clone()).describe(workflow_id).await?;
    let Some(info) = described.map(|described| described.info) else { return Ok(Latest::None) };
    Ok(match (info.status(), info.execution) {
        (Running, _) => Latest::Runs,
        (Canceled | Terminated | TimedOut, Some(run)) => Latest::Ended(Box::new(left(client, &run).await?)),
        _ => Latest::None,
    })
}

/// Reads the history of a run backwards, as far as it takes.
async fn left(client: &Client, run: &WorkflowExecution) -> Result<Left, OperatorError> {
    let (mut client, mut next_page_token) = (client.clone(), Vec::new());
    let mut left = Left::default();
    loop {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: client.namespace(),
            execution: Some(run.clone()),
            maximum_page_size: PAGE,
            next_page_token,
        };
        let page = within(client.get_workflow_execution_history_reverse(bounded(request))).await?;
        let page = page.map_err(OperatorError::of)?;
        for event in page.history.unwrap_or_default().events {
            left.read(event);
            if left.is_paused.is_some() && left.turn.is_some() {
                return Ok(left);
            }
        }
        next_page_token = page.next_page_token;
        if next_page_token.is_empty() {
            return Ok(left);
        }
    }
}

impl Left {
    /// Reads the event before those that were read.
    fn read(&mut self, event: HistoryEvent) {
        match event.attributes {
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(signal)) => {
                let input = RawValue::new(signal.input.unwrap_or_default().payloads);
                self.is_paused = self.is_paused.or_else(|| is_paused_by(&signal.signal_name, &input));
            }
            Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => {
                let follow = first::<Follow>(started.input.as_ref());
                let is_paused = follow.as_ref().and_then(|it| it.held.as_ref()).is_some_and(|held| held.is_paused);
                self.is_paused.get_or_insert(is_paused);
                self.begins(follow);
            }
            Some(Attributes::ActivityTaskScheduledEventAttributes(activity)) => {
                self.begins(first::<Follow>(activity.input.as_ref()));
            }
            // Where the subscription begins, as the activity for that has found. No other answers with a number.
            Some(Attributes::ActivityTaskCompletedEventAttributes(found)) => {
                let at = first::<Position>(found.result.as_ref());
                let from = at.map(|position| FeedPosition { position, ..FeedPosition::default() });
                self.begins(from.map(|from| Follow { from, ..Follow::new("", StartFrom::Origin) }));
            }
            _ => (),
        }
    }

    /// Takes the input of a turn, or of another activity or a run whose place was not known yet.
    fn begins(&mut self, follow: Option<Follow>) {
        if self.turn.is_none() {
            self.turn = follow.filter(|follow| follow.start_from.is_none());
        }
    }
}
