//! A service that is down.

use std::time::{Duration, Instant};

use messages::voiding::VoidingState;
use tests::voiding::{COMPLETE, VOIDED, assert_one_key};
use tests::{Component, Env, Link, binaries};

/// A real minute; the waits between two attempts have grown to half a minute by then.
const OUTAGE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn reports_is_down_for_a_minute_and_the_process_shows_an_incident_and_completes_by_itself() {
    let env = Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    env.kill(Component::Reports).await;
    let down = Instant::now();
    let _ = env.api().post_voiding(id).await.ok_as(202);
    let voiding = env.until(id, "an incident", |voiding| voiding.incident.is_some()).await;
    let incident = voiding.incident.unwrap();
    assert_eq!((incident.command.as_str(), incident.code), ("MarkDocumentAsVoided", None));
    assert_eq!(voiding.state, VoidingState::VoidingRequested);
    env.until(id, "still waits after a minute", |voiding| {
        assert!(voiding.incident.is_some() && voiding.state == VoidingState::VoidingRequested, "{voiding:?}");
        down.elapsed() >= OUTAGE
    })
    .await;
    env.start(Component::Reports).await;
    let voided = env.until(id, "voided", |voiding| voiding.state == VoidingState::DocumentVoided).await;
    assert_eq!(voided.incident, None);
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}

#[tokio::test]
async fn billing_is_down_when_it_should_complete_and_the_process_completes_by_itself() {
    let env = Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let gate = env.proxy(Link::WorkerToReports).about(id).hold_answer("/");
    let _ = env.api().post_voiding(id).await.ok_as(202);
    gate.held().await;
    env.kill(Component::Billing).await;
    gate.open();
    let voiding = env.until(id, "an incident", |voiding| voiding.incident.is_some()).await;
    let incident = voiding.incident.unwrap();
    assert_eq!((incident.command.as_str(), incident.code), ("CompleteDocumentVoiding", None));
    assert_eq!(voiding.state, VoidingState::MarkingDocumentAsVoidedSucceeded);
    env.start(Component::Billing).await;
    assert_eq!(env.in_state(id, VoidingState::DocumentVoided).await.incident, None);
    assert_one_key(&env.commands(Link::WorkerToBilling, id, COMPLETE), "CompleteDocumentVoiding");
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}
