//! Histories as the time line shows them.

use process_manager::manager::RouteKind;
use serde_json::{Value, json};
use temporalio_common::protos::{
    coresdk::AsJsonPayloadExt,
    temporal::api::{
        common::v1::{Memo, Payloads},
        failure::v1::ApplicationFailureInfo,
        history::v1::{
            ActivityTaskCompletedEventAttributes, ActivityTaskFailedEventAttributes,
            ActivityTaskScheduledEventAttributes, ActivityTaskStartedEventAttributes,
            WorkflowExecutionStartedEventAttributes, WorkflowPropertiesModifiedEventAttributes,
        },
    },
};

use super::*;

fn payloads(value: &Value) -> Option<Payloads> {
    Some(Payloads { payloads: vec![value.as_json_payload().unwrap()] })
}

fn signal(name: &str, input: &Value) -> Attributes {
    Attributes::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
        signal_name: name.to_owned(),
        input: payloads(input),
        ..Default::default()
    })
}

fn published(memo: &Value) -> Attributes {
    let fields = [(MEMO.to_owned(), memo.as_json_payload().unwrap())].into();
    Attributes::WorkflowPropertiesModifiedEventAttributes(WorkflowPropertiesModifiedEventAttributes {
        upserted_memo: Some(Memo { fields }),
        ..Default::default()
    })
}

fn timeline(attributes: Vec<Attributes>) -> Vec<TimelineEvent> {
    let event = |(id, attributes)| {
        let mut event = HistoryEvent { event_id: id, attributes: Some(attributes), ..HistoryEvent::default() };
        event.event_time.get_or_insert_default().seconds = id;
        event
    };
    let history = History { events: (1..).zip(attributes).map(event).collect(), is_cut: false };
    read(&history).entries.into_iter().map(|entry| entry.event).collect()
}

#[test]
fn a_command_that_was_refused_after_retries_tells_how_many_and_why() {
    let refusal = Refusal { code: "locked".to_owned(), detail: "no".to_owned() };
    let info = ApplicationFailureInfo {
        non_retryable: true,
        details: payloads(&json!(refusal)),
        ..ApplicationFailureInfo::default()
    };
    let failure = Failure { failure_info: Some(FailureInfo::ApplicationFailureInfo(info)), ..Failure::default() };
    let wrapped = Failure { cause: Some(Box::new(failure)), ..Failure::default() };
    let told = timeline(vec![
        Attributes::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
            input: payloads(&json!({"name": "Deposit"})),
            ..Default::default()
        }),
        Attributes::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
            scheduled_event_id: 1,
            attempt: 3,
            ..Default::default()
        }),
        Attributes::ActivityTaskFailedEventAttributes(ActivityTaskFailedEventAttributes {
            scheduled_event_id: 1,
            failure: Some(wrapped),
            ..Default::default()
        }),
    ]);
    let answer = Answer::Refused(refusal);
    assert_eq!(told, [TimelineEvent::Command { name: "Deposit".to_owned(), attempts: 4, answer }]);
}

#[test]
fn only_a_signal_about_the_failure_that_was_there_is_told() {
    let parked = json!({"failure": {
        "failure_id": "a/1", "code": "timeout", "detail": "d", "event": "Sold", "position": 3, "attempts": 1,
        "at": "2026-01-01T00:00:00Z",
    }});
    let told = timeline(vec![
        signal("retry", &json!({})),
        published(&parked),
        signal("retry", &json!({"failure_id": "a/0"})),
        signal("retry", &json!({"failure_id": "a/1"})),
        published(&json!({})),
        signal("acknowledge", &json!({})),
    ]);
    assert!(matches!(&told[..], [TimelineEvent::Parked(_), TimelineEvent::Retried]), "{told:?}");
}

#[test]
fn a_decision_about_a_failure_that_was_never_published_is_told_once() {
    let told = timeline(vec![
        signal("retry", &json!({"failure_id": "a/1"})),
        signal("retry", &json!({"failure_id": "a/1"})),
        signal("acknowledge", &json!({"failure_id": "a/2", "acknowledged_by": "kim"})),
        signal("acknowledge", &json!({})),
    ]);
    assert!(matches!(&told[..], [TimelineEvent::Retried, TimelineEvent::Acknowledged(_)]), "{told:?}");
}

#[test]
fn the_events_with_which_an_instance_begins_are_delivered_and_those_that_another_run_leaves_are_not_once_more() {
    let event: CloudEvent = serde_json::from_value(json!({
        "specversion": "1.0", "id": "e", "source": "/s", "type": "T", "subject": "s", "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json", "sequence": "1", "correlationid": "c", "causationid": "c", "logid": "log",
        "data": {}
    }))
    .unwrap();
    let begin = json!({"process_id": "a", "version": 1, "events": [Delivery::new(event.clone(), RouteKind::Start)]});
    let started = |input: &Value, continued: &str| {
        Attributes::WorkflowExecutionStartedEventAttributes(WorkflowExecutionStartedEventAttributes {
            input: payloads(input),
            continued_execution_run_id: continued.to_owned(),
            ..Default::default()
        })
    };
    assert_eq!(timeline(vec![started(&begin, "")]), [TimelineEvent::Delivered(vec![event])]);
    let mut left = begin.clone();
    left["ended"] = json!({"run_id": "r", "how": "the run was terminated", "at": "2026-01-01T00:00:00Z"});
    assert_eq!(timeline(vec![started(&left, "")]), []);
    assert_eq!(timeline(vec![started(&begin, "r")]), [TimelineEvent::Continued]);
    assert_eq!(timeline(vec![started(&json!(7), "")]), []);
}

#[test]
fn attempts_are_told_however_many_they_are() {
    let told = timeline(vec![
        Attributes::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
            input: payloads(&json!({"name": "Deposit"})),
            ..Default::default()
        }),
        Attributes::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
            scheduled_event_id: 1,
            attempt: i32::MAX,
            ..Default::default()
        }),
        Attributes::ActivityTaskCompletedEventAttributes(ActivityTaskCompletedEventAttributes {
            scheduled_event_id: 1,
            ..Default::default()
        }),
    ]);
    let attempts = i32::MAX;
    assert_eq!(told, [TimelineEvent::Command { name: "Deposit".to_owned(), attempts, answer: Answer::Accepted }]);
}
