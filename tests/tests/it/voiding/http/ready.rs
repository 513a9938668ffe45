//! `/readyz` of the api.

use messages::voiding::VoidingState::DocumentVoided;
use serde::de::IgnoredAny;
use tests::{Component, Env, Link, binaries, calls::Answer, eventually};

async fn readyz(env: &Env) -> Answer<IgnoredAny> {
    env.api().raw().get("/readyz").await
}

async fn await_not_ready(env: &Env) {
    eventually("the api is not ready", async || {
        let answer = readyz(env).await;
        if answer.answered(503) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    let answer = readyz(env).await;
    assert_eq!(answer.refusal(), (503, "not-ready".to_owned()));
    assert!(answer.header("retry-after").is_some(), "{answer}");
}

#[tokio::test]
async fn the_api_is_ready_once_a_voiding_posted_now_would_run() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    await_not_ready(&env).await;
    env.start(Component::Worker).await;
    env.ready(Component::Api).await;
    let id = env.issue_reported().await.document_id;
    assert_eq!(env.api().post_voiding_to_its_end(&id).await.ok_as(200).state, DocumentVoided);
    env.proxy(Link::ApiToBilling).down().await;
    await_not_ready(&env).await;
    env.proxy(Link::ApiToBilling).up();
    env.ready(Component::Api).await;
}
