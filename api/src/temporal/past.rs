//! What an instance of a process manager has been through, read from the history of its latest run.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use messages::CloudEvent;
use process_manager::instance::{Acknowledge, Delivery, Overdue, ParkedFailure, Published};
use process_manager_engine::publish::MEMO;
use serde::de::DeserializeOwned;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::Code};
use temporalio_common::protos::temporal::api::{
    common::v1::Payloads,
    failure::v1::{Failure, failure::FailureInfo},
    history::v1::{HistoryEvent, WorkflowExecutionSignaledEventAttributes, history_event::Attributes},
    workflowservice::v1::GetWorkflowExecutionHistoryReverseRequest,
};

use super::{
    Temporal, TemporalError, bounded,
    inspect::innermost,
    instance::instance_execution,
    run::{decode, time},
    within,
};

/// Latest events that are looked through; a transfer has some twenty.
const MOST_EVENTS: i32 = 500;

/// What happened to an instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Happened {
    /// The run goes on where an earlier one left off.
    Continued,
    /// Events came in.
    Arrived(Vec<CloudEvent>),
    /// A command was answered, or its first attempt failed.
    Command { name: String, attempts: i32, outcome: Outcome },
    /// It was parked.
    Parked(ParkedFailure),
    /// A command does not get through.
    Delayed(Overdue),
    /// A person had it tried again.
    Retried,
    /// A person gave it up.
    Acknowledged(Acknowledge),
    /// It ended; why, where it did not end as it should.
    Ended(Option<String>),
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Refused(String),
    /// It is tried on.
    Fault(String),
}

/// One thing that happened, and when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) at: DateTime<Utc>,
    pub(crate) what: Happened,
}

/// What an instance has been through, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Past {
    pub(crate) steps: Vec<Step>,
    /// Whether there were too many events to read them all; the oldest are left out then.
    pub(crate) is_cut: bool,
}

impl Temporal {
    /// What the latest run of an instance has been through.
    pub(crate) async fn past_of_instance(&self, manager: &str, id: &str) -> Result<Past, TemporalError> {
        let mut client = self.client()?;
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: client.namespace(),
            execution: Some(instance_execution(manager, id)),
            maximum_page_size: MOST_EVENTS,
            ..Default::default()
        };
        match within(client.get_workflow_execution_history_reverse(bounded(request))).await {
            Ok(answer) => {
                let mut events = answer.history.unwrap_or_default().events;
                events.reverse();
                Ok(Past { steps: Reader::default().read(&events), is_cut: !answer.next_page_token.is_empty() })
            }
            Err(error) if error.code() == Some(Code::NotFound) => Ok(Past::default()),
            Err(error) => Err(error),
        }
    }
}

/// What has to be remembered from one event to the next.
#[derive(Default)]
struct Reader {
    published: Published,
    /// Commands in flight by the id of the event that scheduled them: name, attempts.
    commands: HashMap<i64, (String, i32)>,
}

impl Reader {
    fn read(mut self, events: &[HistoryEvent]) -> Vec<Step> {
        let step = |event: &HistoryEvent| {
            let at = event.event_time.as_ref().and_then(|at| time(at.seconds, at.nanos))?;
            Some(Step { at, what: self.event(event)? })
        };
        events.iter().filter_map(step).collect()
    }

    fn event(&mut self, event: &HistoryEvent) -> Option<Happened> {
        match event.attributes.as_ref()? {
            Attributes::WorkflowExecutionStartedEventAttributes(started) => {
                (!started.continued_execution_run_id.is_empty()).then_some(Happened::Continued)
            }
            Attributes::WorkflowExecutionSignaledEventAttributes(signal) => self.signal(signal),
            Attributes::MarkerRecordedEventAttributes(marker) => {
                let summary = event.user_metadata.as_ref()?.summary.as_ref().and_then(decode::<String>)?;
                let name = summary.split(' ').next().unwrap_or_default().to_owned();
                let outcome = marker.failure.as_ref().map_or(Outcome::Accepted, Outcome::of);
                Some(Happened::Command { name, attempts: 1, outcome })
            }
            Attributes::ActivityTaskScheduledEventAttributes(scheduled) => {
                let input = first::<serde_json::Value>(scheduled.input.as_ref()).unwrap_or_default();
                let name = input["name"].as_str().unwrap_or("a command").to_owned();
                self.commands.insert(event.event_id, (name, 0));
                None
            }
            Attributes::ActivityTaskStartedEventAttributes(started) => {
                // The local attempt went before these.
                self.commands.get_mut(&started.scheduled_event_id)?.1 = started.attempt + 1;
                None
            }
            Attributes::ActivityTaskCompletedEventAttributes(completed) => {
                self.answered(completed.scheduled_event_id, Outcome::Accepted)
            }
            Attributes::ActivityTaskFailedEventAttributes(failed) => {
                self.answered(failed.scheduled_event_id, failed.failure.as_ref().map(Outcome::of)?)
            }
            Attributes::WorkflowPropertiesModifiedEventAttributes(modified) => {
                self.published(decode(modified.upserted_memo.as_ref()?.fields.get(MEMO)?)?)
            }
            Attributes::WorkflowExecutionCompletedEventAttributes(_) => Some(Happened::Ended(None)),
            Attributes::WorkflowExecutionFailedEventAttributes(failed) => {
                Some(Happened::Ended(failed.failure.as_ref().map(innermost)))
            }
            Attributes::WorkflowExecutionTerminatedEventAttributes(terminated) => {
                Some(Happened::Ended(Some(format!("terminated by {}: {}", terminated.identity, terminated.reason))))
            }
            Attributes::WorkflowExecutionCanceledEventAttributes(_) => {
                Some(Happened::Ended(Some("cancelled".to_owned())))
            }
            _ => None,
        }
    }

    fn signal(&self, signal: &WorkflowExecutionSignaledEventAttributes) -> Option<Happened> {
        let input = signal.input.as_ref();
        if signal.signal_name == "deliver" {
            let events: Vec<Delivery> = first(input)?;
            return Some(Happened::Arrived(events.into_iter().map(|queued| queued.event).collect()));
        }
        let operated: Acknowledge = first(input).unwrap_or_default();
        // A signal that meant no failure that was there has changed nothing.
        let parked = self.published.failure.as_ref()?;
        if operated.failure_id.as_ref().is_some_and(|meant| *meant != parked.failure_id) {
            return None;
        }
        match signal.signal_name.as_str() {
            "retry" => Some(Happened::Retried),
            "acknowledge" => Some(Happened::Acknowledged(operated)),
            _ => None,
        }
    }

    fn answered(&mut self, scheduled: i64, outcome: Outcome) -> Option<Happened> {
        let (name, attempts) = self.commands.remove(&scheduled)?;
        Some(Happened::Command { name, attempts, outcome })
    }

    fn published(&mut self, now: Published) -> Option<Happened> {
        let before = std::mem::replace(&mut self.published, now.clone());
        let failure = now.failure.filter(|failure| before.failure.as_ref() != Some(failure)).map(Happened::Parked);
        failure.or_else(|| now.overdue.filter(|it| before.overdue.as_ref() != Some(it)).map(Happened::Delayed))
    }
}

impl Outcome {
    fn of(failure: &Failure) -> Self {
        let text = innermost(failure);
        if is_refusal(failure) { Self::Refused(text) } else { Self::Fault(text) }
    }
}

/// Final, whatever was wrong: the types of failure are those of `process_manager`'s activity.
fn is_refusal(failure: &Failure) -> bool {
    let is_final = |failure: &Failure| match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.non_retryable,
        _ => false,
    };
    is_final(failure) || failure.cause.as_ref().is_some_and(|cause| is_refusal(cause))
}

fn first<T: DeserializeOwned>(payloads: Option<&Payloads>) -> Option<T> {
    decode(payloads?.payloads.first()?)
}
