//! Histories in short form: each event is a list that begins with its name.

use process_manager_engine::publish::MEMO;
use serde_json::Value;
use temporalio_common::protos::temporal::api::{
    common::v1::{Memo, Payload, Payloads, WorkflowType},
    enums::v1::EventType,
    failure::v1::{ApplicationFailureInfo, Failure, failure::FailureInfo},
    history::v1::{
        ActivityTaskCompletedEventAttributes, ActivityTaskFailedEventAttributes, ActivityTaskScheduledEventAttributes,
        ActivityTaskStartedEventAttributes, HistoryEvent, MarkerRecordedEventAttributes, TimerFiredEventAttributes,
        TimerStartedEventAttributes, WorkflowExecutionCompletedEventAttributes,
        WorkflowExecutionSignaledEventAttributes, WorkflowExecutionStartedEventAttributes,
        WorkflowPropertiesModifiedEventAttributes, WorkflowTaskCompletedEventAttributes,
        WorkflowTaskScheduledEventAttributes, WorkflowTaskStartedEventAttributes, history_event::Attributes,
    },
    sdk::v1::UserMetadata,
    taskqueue::v1::TaskQueue,
};

/// The words of an event.
struct Words<'a>(&'a [Value]);

impl Words<'_> {
    fn text(&self, at: usize) -> String {
        self.0.get(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn number(&self, at: usize) -> i64 {
        self.0.get(at).and_then(Value::as_i64).unwrap_or_default()
    }

    fn payloads(&self, at: usize) -> Option<Payloads> {
        self.0.get(at).map(|value| Payloads { payloads: vec![payload(value)] })
    }

    fn failure(&self, at: usize) -> Option<Failure> {
        let details = self.payloads(at)?;
        let info = ApplicationFailureInfo {
            r#type: "Refused".to_owned(),
            non_retryable: self.0.len() > at + 1,
            details: Some(details),
            ..ApplicationFailureInfo::default()
        };
        let info = Some(FailureInfo::ApplicationFailureInfo(info));
        Some(Failure { message: self.text(at), failure_info: info, ..Failure::default() })
    }
}

/// Returns the event with this number; `None` if it has no name.
pub(super) fn event((id, words): (i64, &Vec<Value>)) -> Option<HistoryEvent> {
    let words = Words(words);
    let (event_type, attributes) = of_workflow(&words).or_else(|| of_work(&words)).or_else(|| of_task(&words, id))?;
    let mut event = HistoryEvent { event_id: id, attributes: Some(attributes), ..HistoryEvent::default() };
    event.set_event_type(event_type);
    event.event_time.get_or_insert_default().seconds = 1_780_000_000 + id;
    if matches!(words.text(0).as_str(), "marker" | "timer") {
        event.user_metadata = Some(UserMetadata { summary: Some(payload(&words.text(1).into())), details: None });
    }
    Some(event)
}

fn of_workflow(words: &Words<'_>) -> Option<(EventType, Attributes)> {
    Some(match words.text(0).as_str() {
        "started" => {
            let it = WorkflowExecutionStartedEventAttributes {
                workflow_type: Some(WorkflowType { name: words.text(1) }),
                workflow_id: words.text(2),
                task_queue: Some(TaskQueue { name: "q".to_owned(), ..TaskQueue::default() }),
                input: words.payloads(3),
                continued_execution_run_id: words.text(4),
                original_execution_run_id: "r".to_owned(),
                first_execution_run_id: "r".to_owned(),
                attempt: 1,
                ..Default::default()
            };
            (EventType::WorkflowExecutionStarted, Attributes::WorkflowExecutionStartedEventAttributes(it))
        }
        "signal" => {
            let (signal_name, input) = (words.text(1), words.payloads(2));
            let it = WorkflowExecutionSignaledEventAttributes { signal_name, input, ..Default::default() };
            (EventType::WorkflowExecutionSignaled, Attributes::WorkflowExecutionSignaledEventAttributes(it))
        }
        "memo" => {
            let fields = [(MEMO.to_owned(), payload(words.0.get(1)?))].into();
            let upserted_memo = Some(Memo { fields });
            let it = WorkflowPropertiesModifiedEventAttributes { upserted_memo, ..Default::default() };
            (EventType::WorkflowPropertiesModified, Attributes::WorkflowPropertiesModifiedEventAttributes(it))
        }
        "completed" => {
            let result = words.payloads(1);
            let it = WorkflowExecutionCompletedEventAttributes { result, ..Default::default() };
            (EventType::WorkflowExecutionCompleted, Attributes::WorkflowExecutionCompletedEventAttributes(it))
        }
        _ => return None,
    })
}

fn of_work(words: &Words<'_>) -> Option<(EventType, Attributes)> {
    let scheduled_event_id = words.number(1);
    Some(match words.text(0).as_str() {
        "marker" => {
            let it = MarkerRecordedEventAttributes {
                marker_name: "core_local_activity".to_owned(),
                details: [("data".to_owned(), words.payloads(2).unwrap_or_default())].into(),
                failure: words.failure(3),
                ..Default::default()
            };
            (EventType::MarkerRecorded, Attributes::MarkerRecordedEventAttributes(it))
        }
        "timer" => {
            let it = TimerStartedEventAttributes { timer_id: words.text(2), ..Default::default() };
            (EventType::TimerStarted, Attributes::TimerStartedEventAttributes(it))
        }
        "fired" => {
            let it = TimerFiredEventAttributes { started_event_id: words.number(1), timer_id: words.text(2) };
            (EventType::TimerFired, Attributes::TimerFiredEventAttributes(it))
        }
        "scheduled" => {
            let it = ActivityTaskScheduledEventAttributes { input: words.payloads(1), ..Default::default() };
            (EventType::ActivityTaskScheduled, Attributes::ActivityTaskScheduledEventAttributes(it))
        }
        "attempt" => {
            let attempt = i32::try_from(words.number(2)).unwrap_or(i32::MAX);
            let it = ActivityTaskStartedEventAttributes { scheduled_event_id, attempt, ..Default::default() };
            (EventType::ActivityTaskStarted, Attributes::ActivityTaskStartedEventAttributes(it))
        }
        "answered" => {
            let it = ActivityTaskCompletedEventAttributes { scheduled_event_id, ..Default::default() };
            (EventType::ActivityTaskCompleted, Attributes::ActivityTaskCompletedEventAttributes(it))
        }
        "failed" => {
            let failure = words.failure(2);
            let it = ActivityTaskFailedEventAttributes { scheduled_event_id, failure, ..Default::default() };
            (EventType::ActivityTaskFailed, Attributes::ActivityTaskFailedEventAttributes(it))
        }
        _ => return None,
    })
}

/// Returns the three events of a workflow task. Each names those before it.
fn of_task(words: &Words<'_>, id: i64) -> Option<(EventType, Attributes)> {
    Some(match (words.text(0).as_str(), words.text(1).as_str()) {
        ("task", "scheduled") => {
            let it = WorkflowTaskScheduledEventAttributes { attempt: 1, ..Default::default() };
            (EventType::WorkflowTaskScheduled, Attributes::WorkflowTaskScheduledEventAttributes(it))
        }
        ("task", "started") => {
            let it = WorkflowTaskStartedEventAttributes { scheduled_event_id: id - 1, ..Default::default() };
            (EventType::WorkflowTaskStarted, Attributes::WorkflowTaskStartedEventAttributes(it))
        }
        ("task", "completed") => {
            let (scheduled_event_id, started_event_id) = (id - 2, id - 1);
            let it =
                WorkflowTaskCompletedEventAttributes { scheduled_event_id, started_event_id, ..Default::default() };
            (EventType::WorkflowTaskCompleted, Attributes::WorkflowTaskCompletedEventAttributes(it))
        }
        _ => return None,
    })
}

fn payload(value: &Value) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Payload { metadata, data: value.to_string().into_bytes(), ..Payload::default() }
}
