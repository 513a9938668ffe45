//! Temporal cannot be reached.

use messages::voiding::VoidingState::{DocumentVoided, VoidingRequested};
use serde_json::json;
use tests::{Component, Env, binaries, eventually};

#[tokio::test]
async fn while_temporal_is_away_a_voiding_is_accepted_and_it_runs_once_temporal_is_back() {
    let env = Env::builder(binaries!()).own_temporal().start().await;
    let voided = env.issue_reported().await.document_id;
    let _ = env.api().post_voiding_to_its_end(&voided).await.ok_as(200);
    let id = env.issue_reported().await.document_id;
    env.kill(Component::Temporal).await;

    let posted = env.api().post_voiding(&id).await.ok_as(202);
    assert_eq!(posted.state, VoidingRequested);
    assert!(posted.rest["steps_missing"].is_string(), "{posted:?}");
    let again = env.api().post_voiding_and_wait(&id, 1).await.ok_as(202);
    assert_eq!(again.process_id, posted.process_id);
    assert_unavailable(&env, &id).await;

    env.start(Component::Temporal).await;
    assert_eq!(env.in_state(&id, DocumentVoided).await.process_id, posted.process_id);
    env.ready(Component::Api).await;
    env.assert_consistent().await;
}

/// Checks that reads and signals say so, and when to try again.
async fn assert_unavailable(env: &Env, id: &messages::DocumentId) {
    let unavailable = (503, "temporal-unavailable".to_owned());
    let answer = env.api().voiding(id).await;
    assert_eq!(answer.refusal(), unavailable);
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(env.api().voidings("").await.refusal(), unavailable);
    assert_eq!(env.api().acknowledge(id, &json!({})).await.refusal(), unavailable);
    assert_eq!(env.api().retry(id).await.refusal(), unavailable);
    eventually("the api is not ready", async || {
        let answer = env.api().raw().get::<serde::de::IgnoredAny>("/readyz").await;
        if answer.answered(503) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    let live = env.api().raw().get::<serde::de::IgnoredAny>("/livez").await;
    assert!(live.answered(200), "{live}");
}
