//! A completion that Billing refuses, and `retry`.

use messages::voiding::VoidingState;
use serde_json::json;
use tests::voiding::{COMPENSATED, COMPLETE, VOIDED, assert_one_key};
use tests::{Env, Link, binaries, sample};

#[tokio::test]
async fn a_refused_completion_is_an_incident_with_its_code_and_retry_sends_it_again_under_the_same_key() {
    let env = &Env::builder(binaries!()).start().await;
    let by_rest = async |id: &_| env.api().retry(id).await.ok_as(202);
    let by_signal = async |id: &_| {
        // Whatever a retry carries besides a failure_id is ignored.
        env.signal_voiding(id, "retry", Some(json!(["anything"]))).await;
        json!(null)
    };
    for with_signal in [false, true] {
        let document = env.issue_reported().await;
        let id = &document.document_id;
        let refused = env.refused_completion(&document.document_id).await;
        assert_eq!(refused.state, VoidingState::MarkingDocumentAsVoidedSucceeded);
        assert_eq!((refused.failure, refused.acknowledgement), (None, None));
        let incident = refused.incident.unwrap();
        assert_eq!(incident.detail, "The test answers locked.");
        assert_eq!(refused.links["retry"], format!("/voidings/{id}/retry"));
        assert_eq!(refused.links["acknowledgement"], format!("/voidings/{id}/acknowledgement"));
        assert_eq!(env.temporal().query_state(id).await.unwrap().incident, Some(incident));
        let _ = if with_signal { by_signal(id).await } else { by_rest(id).await };
        assert_eq!(env.in_state(id, VoidingState::DocumentVoided).await.incident, None);
        let attempts = env.commands(Link::WorkerToBilling, id, COMPLETE);
        assert_eq!([&attempts[0], attempts.last().unwrap()].map(|attempt| attempt.status), [Some(409), Some(200)]);
        assert_one_key(&attempts, "CompleteDocumentVoiding");
        assert_eq!(env.events(id).await, VOIDED);
        assert_eq!(env.api().retry(id).await.refusal(), (409, "nothing-to-retry".to_owned()));
    }
    let unknown = sample::document_id();
    assert_eq!(env.api().retry(&unknown).await.refusal(), (404, "voiding-not-found".to_owned()));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_retry_refused_again_is_a_new_failure_and_what_means_the_old_one_changes_nothing() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let proxy = env.proxy(Link::WorkerToBilling).about(id);
    let first = env.refused_completion(&document.document_id).await.incident.unwrap();
    proxy.refuse_times(1, COMPLETE, 409, "still-locked");
    let _ = env.api().retry(id).await.ok_as(202);
    let second = env.refused(id, "CompleteDocumentVoiding", "still-locked").await.incident.unwrap();
    assert_ne!(first.failure_id, second.failure_id);
    let sent = proxy.requests(COMPLETE).len();
    for name in ["acknowledge_failure", "retry"] {
        env.signal_voiding(id, name, Some(json!({"failure_id": first.failure_id}))).await;
    }
    // A query is answered after the signals before it.
    let view = env.temporal().query_state(id).await.unwrap();
    assert_eq!((view.incident.as_ref(), view.acknowledgement), (Some(&second), None));
    assert_eq!(proxy.requests(COMPLETE).len(), sent);
    env.signal_voiding(id, "acknowledge_failure", Some(json!({"failure_id": second.failure_id}))).await;
    let ended = env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert!(ended.acknowledgement.is_some() && ended.incident.is_none());
    assert_eq!(env.events(id).await, COMPENSATED);
    env.assert_consistent().await;
}

#[tokio::test]
async fn an_acknowledgement_while_a_retry_is_in_flight_is_ignored() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let refused = env.refused_completion(&document.document_id).await.incident.unwrap();
    let gate = env.proxy(Link::WorkerToBilling).about(id).hold(COMPLETE);
    let _ = env.api().retry(id).await.ok_as(202);
    gate.held().await;
    env.signal_voiding(id, "acknowledge_failure", None).await;
    env.signal_voiding(id, "acknowledge_failure", Some(json!({"failure_id": refused.failure_id}))).await;
    env.until(id, "the refusal is history", |voiding| voiding.incident.is_none()).await;
    assert_eq!(env.acknowledge(id).await.refusal(), (409, "no-failure-to-acknowledge".to_owned()));
    env.signal_voiding(id, "acknowledge_failure", None).await;
    gate.open();
    let voided = env.in_state(id, VoidingState::DocumentVoided).await;
    assert_eq!(voided.acknowledgement, None);
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}
