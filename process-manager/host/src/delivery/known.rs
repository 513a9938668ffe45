//! Finds out from Temporal alone whether an instance runs, and which events it has been given. Nothing here needs a
//! worker, or code that can run the instance.

use process_manager::{
    instance::{Delivery, Ledger},
    manager::RouteKind,
};
use process_manager_engine::instance::{FinalRecord, failure_type};
use serde::Deserialize;
use serde_json::Value;
use temporalio_client::{
    Client, NamespacedClient,
    grpc::WorkflowService,
    tonic::{Code, Status},
};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payloads, WorkflowExecution},
    enums::v1::{HistoryEventFilterType, WorkflowExecutionStatus},
    failure::v1::failure::FailureInfo,
    history::v1::{HistoryEvent, history_event::Attributes},
    workflowservice::v1::{DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest},
};

use crate::connect::bounded_request;

/// The latest run of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Latest {
    /// Temporal knows of none.
    None,
    /// This run, which is running.
    Running(String),
    /// This run, which has ended.
    Closed(String),
}

/// The events that a run was given, according to its history.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Given {
    /// The events that it has accepted. Only the run knows which of them it has handled.
    pub(crate) ledger: Ledger,
    /// Whether the instance ends once it has handled all of them.
    pub(crate) ends_next: bool,
}

/// The part of a run's input that says what an earlier run has seen.
#[derive(Debug, Default, Deserialize)]
struct Began {
    #[serde(default)]
    ledger: Ledger,
    #[serde(default)]
    events: Vec<Delivery>,
    #[serde(default)]
    carried: Option<Carried>,
}

#[derive(Debug, Deserialize)]
struct Carried {
    ledger: Ledger,
    #[serde(default)]
    inbox: Vec<Value>,
}

/// Returns the latest run.
pub(crate) async fn latest(client: &Client, workflow_id: &str) -> Result<Latest, Status> {
    let request =
        DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: execution(workflow_id, "") };
    let answer = match client.clone().describe_workflow_execution(bounded_request(request)).await {
        Ok(answer) => answer.into_inner(),
        Err(status) if status.code() == Code::NotFound => return Ok(Latest::None),
        Err(status) => return Err(status),
    };
    let info = answer.workflow_execution_info.unwrap_or_default();
    let is_running = info.status() == WorkflowExecutionStatus::Running;
    let run_id = info.execution.unwrap_or_default().run_id;
    Ok(if is_running { Latest::Running(run_id) } else { Latest::Closed(run_id) })
}

/// Returns the ledger of an ended run: its own record, or, if it was ended before it could leave one, what it had been
/// given. The ledger is empty if the run could not use its input; the result is `None` if the history does not say.
pub(crate) async fn ledger(client: &Client, workflow_id: &str, run_id: &str) -> Result<Option<Ledger>, Status> {
    // The run has ended, so the server does not wait for the event.
    let filter = HistoryEventFilterType::CloseEvent;
    let (events, _) = page(client, workflow_id, run_id, filter, Vec::new()).await?;
    if let Some(ledger) = events.last().and_then(left_behind) {
        return Ok(Some(ledger));
    }
    Ok(given(client, workflow_id, run_id).await?.map(|given| given.ledger))
}

/// Returns what a run was given; `None` if its history does not say.
pub(crate) async fn given(client: &Client, workflow_id: &str, run_id: &str) -> Result<Option<Given>, Status> {
    let mut given = None;
    let mut token = Vec::new();
    loop {
        let (events, next) = page(client, workflow_id, run_id, HistoryEventFilterType::AllEvent, token).await?;
        for event in events {
            read(event, &mut given);
        }
        token = next;
        if token.is_empty() {
            return Ok(given);
        }
    }
}

async fn page(
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    filter: HistoryEventFilterType,
    next_page_token: Vec<u8>,
) -> Result<(Vec<HistoryEvent>, Vec<u8>), Status> {
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: client.namespace(),
        execution: execution(workflow_id, run_id),
        history_event_filter_type: filter.into(),
        next_page_token,
        ..Default::default()
    };
    let answer = client.clone().get_workflow_execution_history(bounded_request(request)).await?.into_inner();
    Ok((answer.history.unwrap_or_default().events, answer.next_page_token))
}

fn execution(workflow_id: &str, run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: run_id.to_owned() })
}

fn read(event: HistoryEvent, given: &mut Option<Given>) {
    match event.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => *given = began(started.input.as_ref()),
        Some(Attributes::WorkflowExecutionSignaledEventAttributes(signal)) if signal.signal_name == "deliver" => {
            let Some(given) = given else { return };
            let payloads = signal.input.unwrap_or_default().payloads;
            let deliveries = payloads.iter().filter_map(|it| serde_json::from_slice::<Vec<Delivery>>(&it.data).ok());
            deliveries.flatten().for_each(|delivery| given.take(&delivery));
        }
        _ => (),
    }
}

fn began(input: Option<&Payloads>) -> Option<Given> {
    let began: Began = serde_json::from_slice(&input?.payloads.first()?.data).ok()?;
    let mut given = match began.carried {
        None => Given { ledger: began.ledger, ends_next: false },
        Some(carried) => Given { ledger: carried.ledger, ends_next: ends_next(&carried.inbox) },
    };
    began.events.iter().for_each(|delivery| given.take(delivery));
    Some(given)
}

/// Returns whether the last waiting event is a stop.
fn ends_next(inbox: &[Value]) -> bool {
    let last = inbox.last().and_then(|waiting| waiting.as_object()?.values().next()?.get("kind"));
    last.and_then(|kind| RouteKind::deserialize(kind).ok()) == Some(RouteKind::Stop)
}

impl Given {
    fn take(&mut self, delivery: &Delivery) {
        if self.ledger.accept(delivery) {
            self.ends_next = delivery.kind == RouteKind::Stop;
        }
    }
}

fn left_behind(event: &HistoryEvent) -> Option<Ledger> {
    let payloads: &Payloads = match event.attributes.as_ref()? {
        Attributes::WorkflowExecutionCompletedEventAttributes(completed) => completed.result.as_ref()?,
        Attributes::WorkflowExecutionFailedEventAttributes(failed) => {
            match failed.failure.as_ref()?.failure_info.as_ref()? {
                // A run that was started by hand: it has handled nothing.
                FailureInfo::ApplicationFailureInfo(info) if info.r#type == failure_type::INVALID_INPUT => {
                    return Some(Ledger::default());
                }
                FailureInfo::ApplicationFailureInfo(info) => info.details.as_ref()?,
                _ => return None,
            }
        }
        _ => return None,
    };
    let record: FinalRecord = serde_json::from_slice(&payloads.payloads.first()?.data).ok()?;
    Some(record.ledger)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::temporal::api::{
        common::v1::Payload,
        failure::v1::{ApplicationFailureInfo, Failure},
        history::v1::{
            WorkflowExecutionFailedEventAttributes, WorkflowExecutionSignaledEventAttributes,
            WorkflowExecutionStartedEventAttributes,
        },
    };

    use super::*;

    fn delivery(position: i64, kind: &str) -> Value {
        let event = json!({
            "specversion": "1.0", "id": "e", "source": "/s", "type": "T", "subject": "s",
            "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": position.to_string(),
            "correlationid": "c", "causationid": "c", "logid": "log", "data": {}
        });
        json!({"event": event, "kind": kind})
    }

    fn payloads(value: &Value) -> Option<Payloads> {
        Some(Payloads { payloads: vec![Payload { data: value.to_string().into_bytes(), ..Payload::default() }] })
    }

    fn history(input: &Value, signals: &[Value]) -> Option<Given> {
        let event = |attributes| HistoryEvent { attributes: Some(attributes), ..HistoryEvent::default() };
        let started = WorkflowExecutionStartedEventAttributes { input: payloads(input), ..Default::default() };
        let mut given = None;
        read(event(Attributes::WorkflowExecutionStartedEventAttributes(started)), &mut given);
        for signal in signals {
            let signal = WorkflowExecutionSignaledEventAttributes {
                signal_name: "deliver".to_owned(),
                input: payloads(signal),
                ..Default::default()
            };
            read(event(Attributes::WorkflowExecutionSignaledEventAttributes(signal)), &mut given);
        }
        given
    }

    fn accepted(given: &Given) -> Vec<i64> {
        (1..10).filter(|position| given.ledger.has_accepted_up_to("log", *position)).collect()
    }

    #[test]
    fn a_history_tells_what_its_run_was_given() {
        let first = json!({"process_id": "a", "version": 1, "events": [delivery(1, "start-strict")]});
        let given =
            history(&first, &[json!([delivery(2, "continue")]), json!("nonsense"), json!([delivery(4, "stop")])]);
        let given = given.unwrap();
        assert_eq!((accepted(&given), given.ends_next), (vec![1, 2, 3, 4], true));
        let again = history(&first, &[json!([delivery(4, "stop")]), json!([delivery(5, "start")])]).unwrap();
        assert!(!again.ends_next);
    }

    #[test]
    fn a_run_that_could_not_use_its_input_has_an_empty_ledger() {
        let failed_as = |kind: &str| {
            let info = ApplicationFailureInfo { r#type: kind.to_owned(), ..Default::default() };
            let failure_info = Some(FailureInfo::ApplicationFailureInfo(info));
            let failure = Some(Failure { failure_info, ..Default::default() });
            let failed = WorkflowExecutionFailedEventAttributes { failure, ..Default::default() };
            let attributes = Some(Attributes::WorkflowExecutionFailedEventAttributes(failed));
            left_behind(&HistoryEvent { attributes, ..HistoryEvent::default() })
        };
        assert_eq!(failed_as("InvalidInput"), Some(Ledger::default()));
        assert_eq!(failed_as("Other"), None);
    }

    #[test]
    fn a_run_that_continues_another_one_was_given_what_that_one_has_seen() {
        let ledger = json!({"log": {"accepted": 3, "handled": 1}});
        let carried =
            |inbox: Value| json!({"process_id": "a", "version": 1, "carried": {"ledger": ledger, "inbox": inbox}});
        let given = history(&carried(json!([{"whole": delivery(3, "stop")}])), &[]).unwrap();
        assert_eq!((accepted(&given), given.ends_next), (vec![1, 2, 3], true));
        let given = history(&carried(json!([])), &[json!([delivery(5, "continue")])]).unwrap();
        assert_eq!((accepted(&given), given.ends_next), (vec![1, 2, 3, 4, 5], false));
        assert_eq!(history(&json!("nonsense"), &[json!([delivery(5, "continue")])]), None);
    }
}
