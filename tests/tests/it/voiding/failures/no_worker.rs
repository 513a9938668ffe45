//! While no worker runs, nothing is lost, and everything stays visible.

use crate::start;
use messages::voiding::VoidingState::{DocumentVoided, FailureAcknowledged, VoidingRequested};
use serde_json::json;
use tests::{Component, Env, binaries, eventually_eq};

#[tokio::test]
async fn while_no_worker_runs_voidings_are_shown_accepted_and_acknowledged() {
    let env = start().await;
    let voided = env.issue_reported().await.document_id;
    let voided = env.api().post_voiding_to_its_end(&voided).await.ok_as(200);
    let (document, refused) = env.refused_marking().await;
    let fresh = env.issue_reported().await.document_id;
    env.kill(Component::Worker).await;

    assert_eq!(env.api().voiding(&voided.document_id).await.ok(), voided);
    assert_eq!(env.api().voiding(&refused.document_id).await.ok(), refused);
    let posted = env.api().post_voiding(&fresh).await.ok_as(202);
    let shown = env.api().voiding(&fresh).await.ok();
    assert_eq!((shown.state, &shown.process_id), (VoidingRequested, &posted.process_id));
    assert_eq!(shown.steps.iter().map(|step| step.state).collect::<Vec<_>>(), [VoidingRequested]);
    assert_eq!(env.api().post_voiding_and_wait(&fresh, 1).await.ok_as(202).process_id, posted.process_id);
    let probe = async || env.api().voidings("?state=voiding-requested&open=true").await.ok().items.len();
    eventually_eq("the new one is listed", 1, probe).await;
    let _ = env.api().acknowledge(&document.document_id, &json!({"note": "at night"})).await.ok_as(202);
    assert_eq!(env.api().voiding(&refused.document_id).await.ok().state, refused.state);

    env.start(Component::Worker).await;
    assert_eq!(env.in_state(&fresh, DocumentVoided).await.process_id, posted.process_id);
    let acknowledged = env.in_state(&document.document_id, FailureAcknowledged).await;
    assert_eq!(acknowledged.acknowledgement.unwrap().note.as_deref(), Some("at night"));
    env.assert_consistent().await;
}

#[tokio::test]
async fn before_the_first_worker_a_voiding_is_accepted_and_shown_and_runs_once_there_is_one() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    let id = env.issue_reported().await.document_id;
    assert_eq!(env.api().voiding(&id).await.refusal(), (404, "voiding-not-found".to_owned()));
    let posted = env.api().post_voiding(&id).await.ok_as(202);
    let shown = env.api().voiding(&id).await.ok();
    assert_eq!((shown.state, &shown.process_id), (VoidingRequested, &posted.process_id));
    assert!(!shown.steps.is_empty() || shown.rest["steps_missing"].is_string(), "{shown:?}");
    env.start(Component::Worker).await;
    assert_eq!(env.in_state(&id, DocumentVoided).await.process_id, posted.process_id);
    env.assert_consistent().await;
}
