//! Signals of every shape to a waiting process: nothing fails, and only what is meant as an acknowledgement
//! acknowledges.

use std::collections::HashMap;

use crate::start;
use messages::{DocumentId, voiding::VoidingState::FailureAcknowledged};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tests::{Env, eventually, json_payload};

pub(super) const ACKNOWLEDGE: &str = "acknowledge_failure";

fn payload(encoding: Option<&str>, data: &[u8]) -> Payload {
    let metadata = encoding.map(|encoding| ("encoding".to_owned(), encoding.as_bytes().to_vec()));
    Payload { metadata: metadata.into_iter().collect::<HashMap<_, _>>(), data: data.to_vec(), ..Payload::default() }
}

/// Returns payloads none of which is an acknowledgement.
pub(crate) fn malformed() -> Vec<Vec<Payload>> {
    let values = [
        json!([]),
        json!([{"acknowledged_by": "alex"}]),
        json!("alex"),
        json!(""),
        json!(7),
        json!(-1.5e300),
        json!(true),
        json!({"acknowledged_by": {"name": "alex"}}),
        json!({"acknowledged_by": 7}),
        json!({"note": ["x"]}),
        json!({"note": false}),
        json!({"failure_id": 1}),
        json!({"failure_id": {}}),
        json!({"acknowledged_by": "alex", "note": {"a": [{"b": [[[]]]}]}}),
        json!({"acknowledged_by": "x".repeat(201)}),
        json!({"note": "x".repeat(1_500_000)}),
    ];
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let single = values.iter().map(json_payload).chain([
        payload(Some("json/plain"), b"{\"acknowledged_by\": \"alex\""),
        payload(Some("json/plain"), b""),
        payload(Some("json/plain"), b"{'note': 1}"),
        payload(Some("json/plain"), b"{\"note\": \"\xff\xfe\"}"),
        payload(Some("json/plain"), format!("{{\"note\": {deep}}}").as_bytes()),
        payload(Some("binary/plain"), &[0, 159, 146, 150, 255]),
        payload(Some("binary/encrypted"), b"ciphertext"),
        payload(Some("binary/protobuf"), &[8, 150, 1]),
        payload(Some("json/protobuf"), b"[1]"),
        payload(Some("no-such-encoding"), b"alex"),
        payload(None, b"alex"),
        payload(Some("\u{fffd}"), b"\n"),
    ]);
    let several =
        [vec![json_payload(&json!({})); 2], vec![json_payload(&json!({"note": "x"})), json_payload(&json!(1))]];
    single.map(|payload| vec![payload]).chain(several).collect()
}

pub(super) async fn send_all(env: &Env, id: &DocumentId, name: &str, signals: &[Vec<Payload>]) {
    for payloads in signals {
        env.temporal().signal(id, name, payloads.clone()).await.unwrap();
    }
}

/// Checks that the workflow has seen every signal so far, and that no task has failed because of one.
async fn assert_untouched(env: &Env, id: &DocumentId) {
    eventually("all signals have been handled", async || {
        let run = env.temporal().history(id).await;
        let last = run.iter().map(|event| format!("{:?}", event.event_type())).next_back().unwrap();
        let waits = !last.contains("Signaled") && !last.starts_with("WorkflowTaskS");
        if waits { Ok(()) } else { Err(last) }
    })
    .await;
    assert!(!env.temporal().has_failed_task(id).await, "a workflow task failed");
    let view = env.query_by_cli(id).await;
    assert_eq!(view.acknowledgement, None, "acknowledged by mistake");
    assert_eq!(env.api().voiding(id).await.ok().acknowledgement, None);
}

#[tokio::test]
async fn malformed_signals_of_every_shape_acknowledge_nothing_and_a_right_one_still_works() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let id = &document.document_id;
    send_all(&env, id, ACKNOWLEDGE, &malformed()).await;
    assert_untouched(&env, id).await;
    for inputs in [&["--input", "[1]"][..], &["--input", "\"alex\""], &["--input", "{}", "--input", "{}"]] {
        env.signal_by_cli(id, ACKNOWLEDGE, inputs).await;
    }
    for name in ["retry", "recheck", "no_such_signal", "", "state", "__temporal_x"] {
        let any = [malformed(), vec![vec![]], vec![vec![json_payload(&json!({}))]]].concat();
        for payloads in any.iter().step_by(3) {
            // What Temporal itself refuses, such as a signal without a name, never reaches the process.
            let _ = env.temporal().signal(id, name, payloads.clone()).await;
        }
    }
    assert_untouched(&env, id).await;
    assert_eq!(env.api().voiding(id).await.ok(), refused);

    env.signal_by_cli(id, ACKNOWLEDGE, &["--input", "{\"acknowledged_by\": \"alex\"}"]).await;
    assert_eq!(env.temporal().ended_as(id).await, "FailureAcknowledged");
    let acknowledged = env.in_state(id, FailureAcknowledged).await.acknowledgement.unwrap();
    assert_eq!(acknowledged.acknowledged_by.as_deref(), Some("alex"));
    assert!(!env.temporal().has_failed_task(id).await);
    env.assert_consistent().await;
}

#[tokio::test]
async fn no_input_null_and_an_object_acknowledge_and_the_first_of_many_counts() {
    let env = start().await;
    let named = |by: &str| json!({"acknowledged_by": by, "unknown": [1]});
    let values: [(Option<Value>, Option<&str>); 4] =
        [(None, None), (Some(json!(null)), None), (Some(json!({})), None), (Some(named("first")), Some("first"))];
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    for (value, by) in values {
        let _ = env.api().post_voiding_to_its_end(id).await.ok_as(200);
        let process = env.query_by_cli(id).await.process_id;
        let run = env.temporal().describe(id).await.unwrap().execution.unwrap().run_id;
        env.temporal().signal(id, ACKNOWLEDGE, value.iter().map(json_payload).collect()).await.unwrap();
        for late in 0..5 {
            // Late ones arrive while the process ends, or afterwards, when no run accepts them.
            let _ = env.temporal().signal(id, ACKNOWLEDGE, vec![json_payload(&named(&late.to_string()))]).await;
        }
        assert_eq!(env.temporal().ended_as(id).await, "FailureAcknowledged");
        assert!(!env.temporal().has_failed_task(id).await);
        let voiding = env.in_state(id, FailureAcknowledged).await;
        assert_eq!(voiding.process_id, process);
        assert_eq!(voiding.acknowledgement.unwrap().acknowledged_by.as_deref(), by);
        assert_eq!(env.temporal().describe(id).await.unwrap().execution.unwrap().run_id, run);
    }
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_signal_that_means_another_failure_changes_nothing() {
    let env = start().await;
    let (document, earlier) = env.refused_marking().await;
    let id = &document.document_id;
    let _ = env.acknowledged(id).await;
    let voiding = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    let process = voiding.process_id.unwrap();
    let (this, of_earlier) = (format!("{process}/1"), earlier.failure.unwrap().failure_id);
    assert_eq!(voiding.failure.unwrap().failure_id, this);
    for other in [&of_earlier, &format!("{process}/2"), &format!("{process}/01"), process.as_str(), "", "/1"] {
        let meant = json_payload(&json!({"acknowledged_by": "alex", "failure_id": other}));
        env.temporal().signal(id, ACKNOWLEDGE, vec![meant.clone()]).await.unwrap();
        env.temporal().signal(id, "retry", vec![meant]).await.unwrap();
    }
    assert_untouched(&env, id).await;
    let meant = json_payload(&json!({"failure_id": this}));
    env.temporal().signal(id, ACKNOWLEDGE, vec![meant]).await.unwrap();
    assert_eq!(env.temporal().ended_as(id).await, "FailureAcknowledged");
    env.assert_consistent().await;
}

#[tokio::test]
async fn malformed_signals_to_a_refused_completion_change_nothing_and_a_retry_of_any_shape_retries() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.refused_completion(&id).await;
    send_all(&env, &id, ACKNOWLEDGE, &malformed()).await;
    for other in [json!("x"), json!(7), json!([1])] {
        let other = json_payload(&json!({"failure_id": other}));
        env.temporal().signal(&id, "retry", vec![other]).await.unwrap();
    }
    assert_untouched(&env, &id).await;
    assert!(env.api().voiding(&id).await.ok().incident.is_some());
    env.signal_by_cli(&id, "retry", &["--input", "[\"whatever\"]"]).await;
    assert_eq!(env.temporal().ended_as(&id).await, "Completed");
    assert!(!env.temporal().has_failed_task(&id).await);
    env.assert_consistent().await;
}
