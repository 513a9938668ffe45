//! Signals that arrive before there is anything to acknowledge (V6).

use crate::start;
use messages::voiding::VoidingState::{
    DocumentVoided, FailureAcknowledged, MarkingDocumentAsVoidedFailed, VoidingRequested,
};
use serde_json::json;
use tests::{Component, Env, Fault, Link, binaries, eventually, json_payload, workflow_id};

use super::shapes::ACKNOWLEDGE;
use super::shapes::malformed;
use super::shapes::send_all;

#[tokio::test]
async fn an_acknowledgement_before_any_failure_does_not_count_for_a_later_one() {
    let env = start().await;
    let document = env.issue_published().await;
    let id = &document.document_id;
    env.proxy(Link::WorkerToReports).fault("/commands/mark-", Fault::status(500));
    let _ = env.api().post_voiding(id).await.ok_as(202);
    assert_eq!(env.api().acknowledge(id, &json!({})).await.refusal().1, "no-failure-to-acknowledge");
    // From here on a regular activity is tried, so a signal gets its workflow task at once.
    env.proxy(Link::WorkerToReports).await_requests(2, "/commands/mark-").await;
    env.temporal().signal(id, ACKNOWLEDGE, vec![]).await.unwrap();
    env.temporal().signal(id, ACKNOWLEDGE, vec![json_payload(&json!({"acknowledged_by": "early"}))]).await.unwrap();
    env.temporal().signal(id, "retry", vec![]).await.unwrap();
    env.temporal().signal(id, "recheck", vec![]).await.unwrap();
    eventually("the signals have been handled", async || {
        let log = env.log(Component::Worker);
        let ignored = log.lines().filter(|line| line.contains(id.as_str()) && line.contains("ignored")).count();
        if ignored >= 4 { Ok(()) } else { Err(ignored) }
    })
    .await;
    assert_eq!(env.query_by_cli(id).await.state, VoidingRequested);
    env.proxy(Link::WorkerToReports).heal();
    assert_eq!(env.in_state(id, MarkingDocumentAsVoidedFailed).await.acknowledgement, None);
    assert!(!env.temporal().has_failed_task(id).await);
    let acknowledged = env.acknowledged(id).await;
    assert_eq!(acknowledged.acknowledgement.unwrap().acknowledged_by.as_deref(), Some("alex"));
    env.assert_consistent().await;
}

#[tokio::test]
async fn signals_that_are_there_before_the_first_worker_fail_nothing_and_acknowledge_nothing() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    let (document, voided) = (env.issue_published().await, env.issue_reported().await.document_id);
    let (refused, invalid) = (&document.document_id, "invalid".parse().unwrap());
    for id in [refused, &voided] {
        env.temporal().start(&workflow_id(id), &[json!({"document_id": id})]).await.unwrap();
    }
    env.temporal().start(&workflow_id(&invalid), &[json!("no object")]).await.unwrap();
    for id in [refused, &voided, &invalid] {
        for name in [ACKNOWLEDGE, "retry", "recheck", "no_such_signal"] {
            send_all(&env, id, name, &malformed()[..8]).await;
            env.temporal().signal(id, name, vec![]).await.unwrap();
        }
    }
    env.start(Component::Worker).await;
    assert_eq!(env.temporal().ended_as(&voided).await, "Completed");
    assert_eq!(env.temporal().ended_as(&invalid).await, "InvalidInput");
    assert_eq!(env.in_state(&voided, DocumentVoided).await.acknowledgement, None);
    assert_eq!(env.in_state(refused, MarkingDocumentAsVoidedFailed).await.acknowledgement, None);
    env.temporal().signal(refused, ACKNOWLEDGE, vec![]).await.unwrap();
    let _ = env.in_state(refused, FailureAcknowledged).await;
    for id in [refused, &voided, &invalid] {
        assert!(!env.temporal().has_failed_task(id).await, "{id}");
    }
    env.assert_consistent().await;
}
