//! Reads the history of an ended run: how it ended, and what came in before.

use chrono::{DateTime, Utc};
use process_manager::{instance::Delivery, limits::cut_to};
use process_manager_engine::instance::Begin;
use serde::de::DeserializeOwned;
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService};
use temporalio_common::protos::temporal::api::{
    enums::v1::{EventType, WorkflowExecutionStatus},
    history::v1::{HistoryEvent, history_event::Attributes},
    workflowservice::v1::{GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest},
};

use super::{Ended, EndedError};
use crate::operator::{OperatorError, bounded, first, timestamp, within};

/// The number of events in a page: a history has up to 50 MB, and a page must be answered in time.
const PAGE: i32 = 100;
/// Maximum length of the reason that was given for a termination, in characters.
const LONGEST_REASON: usize = 500;

/// The end of a history, or all of it.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The input, if the beginning of the history was read.
    pub(super) begin: Option<Begin>,
    /// The delivered events, in order.
    pub(super) deliveries: Vec<Delivery>,
    close: Option<Attributes>,
}

/// Reads what came in after the last completed workflow task.
pub(super) async fn tail(client: &Client, ended: &Ended) -> Result<Tail, EndedError> {
    read(client, ended, |event| event.event_type() == EventType::WorkflowTaskCompleted).await
}

/// Reads everything that came in.
pub(super) async fn whole(client: &Client, ended: &Ended) -> Result<Tail, EndedError> {
    read(client, ended, |_| false).await
}

async fn read(client: &Client, ended: &Ended, is_enough: impl Fn(&HistoryEvent) -> bool) -> Result<Tail, EndedError> {
    let mut client = client.clone();
    let (mut tail, mut next_page_token) = (Tail::default(), Vec::new());
    'pages: loop {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: client.namespace(),
            execution: Some(ended.execution()),
            maximum_page_size: PAGE,
            next_page_token,
        };
        let page = within(client.get_workflow_execution_history_reverse(bounded(request))).await?;
        let page = page.map_err(OperatorError::of)?;
        for event in page.history.unwrap_or_default().events {
            if is_enough(&event) {
                break 'pages;
            }
            tail.take(event);
        }
        next_page_token = page.next_page_token;
        if next_page_token.is_empty() {
            break;
        }
    }
    tail.deliveries.reverse();
    Ok(tail)
}

/// Reads the input that the run began with, if it has this form, and when the run began.
pub(super) async fn input<T: DeserializeOwned>(
    client: &Client,
    ended: &Ended,
) -> Result<(Option<T>, DateTime<Utc>), EndedError> {
    let mut client = client.clone();
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: client.namespace(),
        execution: Some(ended.execution()),
        maximum_page_size: 1,
        ..GetWorkflowExecutionHistoryRequest::default()
    };
    let page = within(client.get_workflow_execution_history(bounded(request))).await?.map_err(OperatorError::of)?;
    let event = page.history.unwrap_or_default().events.into_iter().next().unwrap_or_default();
    let at = event.event_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos)).unwrap_or(ended.at);
    match event.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => Ok((first(started.input.as_ref()), at)),
        _ => Ok((None, at)),
    }
}

impl Tail {
    /// Takes the event that precedes those already taken.
    fn take(&mut self, event: HistoryEvent) {
        match event.attributes {
            Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => {
                self.begin = first(started.input.as_ref());
            }
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(signal)) if signal.signal_name == "deliver" => {
                let delivered: Vec<Delivery> = first(signal.input.as_ref()).unwrap_or_default();
                self.deliveries.extend(delivered.into_iter().rev());
            }
            Some(attributes) if self.close.is_none() => self.close = Some(attributes),
            _ => (),
        }
    }

    /// Returns how the run ended, in words.
    pub(super) fn how(&self, status: WorkflowExecutionStatus) -> String {
        match (&self.close, status) {
            (Some(Attributes::WorkflowExecutionTerminatedEventAttributes(terminated)), _) => {
                let why = Some(terminated.reason.as_str()).filter(|reason| !reason.is_empty());
                let why = cut_to(why.unwrap_or("without a reason").to_owned(), LONGEST_REASON);
                format!("the run was terminated by {} ({why})", terminated.identity)
            }
            (_, WorkflowExecutionStatus::Canceled) => "the run was cancelled".to_owned(),
            (_, WorkflowExecutionStatus::TimedOut) => "the run has timed out".to_owned(),
            _ => "the run was terminated".to_owned(),
        }
    }
}
