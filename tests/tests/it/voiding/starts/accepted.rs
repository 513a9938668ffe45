//! Who starts a process that Billing has accepted.

use messages::{billing::DocumentStatus, voiding::VoidingState};
use tests::{Component, Env, Link, binaries, eventually_eq};

#[tokio::test]
async fn void_document_sent_straight_to_billing_starts_the_process_without_an_api() {
    let env = Env::builder(binaries!()).later(Component::Api).start().await;
    env.ready(Component::Worker).await;
    let id = env.issue_reported().await.document_id;
    let process = env.billing().void(&id).await.ok_as(202).process_id;
    eventually_eq("voided", DocumentStatus::Voided, async || env.billing().status(&id).await).await;
    assert_eq!(env.temporal().ended_as(&id).await, "Completed");
    let view = env.temporal().query_state(&id).await.unwrap();
    assert_eq!((view.process_id, view.state), (Some(process), VoidingState::DocumentVoided));
    env.assert_consistent().await;
}

#[tokio::test]
async fn with_the_api_dead_between_billings_answer_and_the_start_the_process_starts_all_the_same() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    let id = env.issue_reported().await.document_id;
    let answered = env.proxy(Link::ApiToBilling).hold_answer("/commands/void-document");
    let api = env.api();
    let killed = async {
        answered.held().await;
        env.kill(Component::Api).await;
    };
    let (answer, ()) = tokio::join!(api.post_voiding(&id), killed);
    // On a busy machine the api may have given up earlier.
    assert!(!answer.answered(202), "{answer}");
    assert_eq!(env.billing().status(&id).await, DocumentStatus::VoidingRequested);
    assert!(env.temporal().describe(&id).await.is_none());

    env.start(Component::Worker).await;
    eventually_eq("voided", DocumentStatus::Voided, async || env.billing().status(&id).await).await;
    env.start(Component::Api).await;
    let _ = env.in_state(&id, VoidingState::DocumentVoided).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn where_the_apis_start_fails_the_request_is_accepted_and_the_subscription_starts_the_process() {
    let nowhere = format!("127.0.0.1:{}", tests::free_port());
    let builder = Env::builder(binaries!()).later(Component::Api);
    let env = builder.variable(Component::Api, "TEMPORAL_ADDRESS", &nowhere).start().await;
    env.ready(Component::Worker).await;
    env.start(Component::Api).await;
    let id = env.issue_reported().await.document_id;
    let accepted = env.api().post_voiding(&id).await.ok_as(202);
    assert_eq!(accepted.state, VoidingState::VoidingRequested);
    assert!(accepted.rest["steps_missing"].is_string(), "{accepted:?}");
    eventually_eq("voided", DocumentStatus::Voided, async || env.billing().status(&id).await).await;
    assert_eq!(env.temporal().ended_as(&id).await, "Completed");
    env.assert_consistent().await;
}
