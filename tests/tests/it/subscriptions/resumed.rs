//! The subscription continues where it was.

use messages::DocumentId;
use tests::{Component, Env, Link, binaries, workflow_id};

use super::Subscription;
use super::await_voided;
use super::issue;
use super::reads_from_the_origin;
use super::request;

async fn start() -> Env {
    Env::builder(binaries!()).start().await
}

#[tokio::test]
async fn a_worker_that_was_stopped_or_killed_goes_on_at_its_position() {
    let env = start().await;
    let documents = issue(&env, 9).await;
    request(&env, &documents[..3]).await;
    await_voided(&env, &documents[..3]).await;
    Subscription(&env).await_caught_up().await;
    let from_the_origin = reads_from_the_origin(&env);

    env.stop(Component::Worker).await;
    request(&env, &documents[3..6]).await;
    env.start(Component::Worker).await;
    await_voided(&env, &documents[3..6]).await;
    Subscription(&env).await_caught_up().await;

    env.kill(Component::Worker).await;
    request(&env, &documents[6..]).await;
    env.start(Component::Worker).await;
    await_voided(&env, &documents[6..]).await;
    Subscription(&env).await_caught_up().await;
    assert_eq!(reads_from_the_origin(&env), from_the_origin, "it did not start from the origin");
    env.assert_consistent().await;
}

#[tokio::test]
async fn billing_down_for_a_while_loses_nothing() {
    let env = start().await;
    let documents = issue(&env, 6).await;
    // Accepted, and Billing dies before anybody has read the event.
    env.proxy(Link::WorkerToBilling).down().await;
    request(&env, &documents[..3]).await;
    env.kill(Component::Billing).await;
    env.proxy(Link::WorkerToBilling).up();
    env.start(Component::Billing).await;
    await_voided(&env, &documents[..3]).await;
    // Only the worker's connection to it is broken.
    env.proxy(Link::WorkerToBilling).down().await;
    request(&env, &documents[3..]).await;
    env.proxy(Link::WorkerToBilling).up();
    await_voided(&env, &documents[3..]).await;
    Subscription(&env).await_caught_up().await;
    assert_eq!(Subscription(&env).state().await.unwrap()["status"], "following");
    env.assert_consistent().await;
}

/// Creates a voided document and one with a closed process: their old requests are in the log that is read again.
async fn completed_and_closed(env: &Env) -> [DocumentId; 2] {
    let (voided, closed) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    request(env, std::slice::from_ref(&voided)).await;
    await_voided(env, std::slice::from_ref(&voided)).await;
    env.refused_completion(&closed).await;
    let _ = env.acknowledge(&closed).await.ok_as(202);
    tests::eventually("the process is closed", async || {
        let document = env.billing().document(&closed).await.ok();
        if document.process_id.is_none() { Ok(()) } else { Err(document) }
    })
    .await;
    [voided, closed]
}

async fn runs(env: &Env, id: &DocumentId) -> usize {
    env.temporal().list(&format!("WorkflowId = '{}'", workflow_id(id))).await.len()
}

#[tokio::test]
async fn a_terminated_subscription_comes_back_and_old_requests_in_the_log_start_nothing() {
    let env = start().await;
    let old = completed_and_closed(&env).await;
    let subscription = Subscription(&env);
    subscription.await_caught_up().await;
    let (first, from_the_origin) = (subscription.run_id().await, reads_from_the_origin(&env));
    subscription.terminate().await;
    let [later] = &issue(&env, 1).await[..] else { unreachable!() };
    request(&env, std::slice::from_ref(later)).await;
    tests::eventually("the subscription runs again", async || {
        let run = subscription.run_id().await;
        if run == first || subscription.reader().await.is_none() { Err(run) } else { Ok(()) }
    })
    .await;
    await_voided(&env, std::slice::from_ref(later)).await;
    subscription.await_caught_up().await;
    assert!(reads_from_the_origin(&env) > from_the_origin, "it has read the whole log again");
    env.a_whole_sweep().await;
    for id in &old {
        assert_eq!(runs(&env, id).await, 1, "{id} was not started again");
    }
    env.assert_consistent().await;
}
