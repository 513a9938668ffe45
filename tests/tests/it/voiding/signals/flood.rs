//! Signals without an effect, more than a run can hold: the process goes on in another run, with its whole state.

use crate::start;
use messages::{DocumentId, voiding::VoidingState::FailureAcknowledged};
use serde_json::json;
use tests::{Component, Env, Link, eventually, eventually_eq, json_payload};

use super::shapes::ACKNOWLEDGE;

async fn run_id(env: &Env, id: &DocumentId) -> String {
    env.temporal().describe(id).await.and_then(|run| run.execution).map(|run| run.run_id).unwrap()
}

/// The history has some 30 MB by then.
const MOST: usize = 60;

/// Sends signals of 500 kB until another run continues this one (Temporal suggests that at 4 MB), and returns it.
async fn flood(env: &Env, id: &DocumentId, name: &str, before: &str) -> String {
    let long = json_payload(&json!({"note": "x".repeat(500_000)}));
    let mut sent = 0;
    eventually("the process continues as new", async || {
        let now = run_id(env, id).await;
        if now != before {
            return Ok(now);
        }
        // A busy worker does not need more of them, only time.
        if sent < MOST {
            env.temporal().signal(id, name, vec![long.clone()]).await.unwrap();
            sent += 1;
        }
        Err(sent)
    })
    .await
}

#[tokio::test]
async fn a_waiting_process_that_is_flooded_goes_on_with_its_state_and_is_acknowledged() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let id = &document.document_id;
    // Unknown signals wake nothing, but they fill the history like others.
    let mut run = run_id(&env, id).await;
    for name in [ACKNOWLEDGE, "retry", "no_such_signal"] {
        run = flood(&env, id, name, &run).await;
        let shown = env.until(id, "the same state", |voiding| voiding.failure.is_some()).await;
        assert_eq!(shown, refused, "{name}");
        let view = env.await_view(id, "the query answers", |view| view.failure.is_some()).await;
        assert_eq!((view.failure, view.steps), (refused.failure.clone(), refused.steps.clone()), "{name}");
    }
    let ended = env.acknowledged(id).await;
    assert_eq!(ended.failure, refused.failure);
    assert_eq!(ended.steps.len(), 3, "{ended:?}");
    eventually_eq("three runs have been continued", 4, async || env.runs(id).await.len()).await;
    eventually_eq("one process, one item", vec![FailureAcknowledged], async || {
        env.api().voidings("").await.ok().items.iter().map(|item| item.state).collect::<Vec<_>>()
    })
    .await;
    env.assert_consistent().await;
    let again = env.api().post_voiding(id).await.ok_as(202);
    assert_ne!(again.process_id, refused.process_id);
}

/// The command that is under way is sent again by the next run, under the same key.
#[tokio::test]
async fn a_process_that_is_flooded_while_a_command_stalls_keeps_its_incident_and_its_key() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.proxy(Link::WorkerToReports).about(&id).fault("/commands/mark-", tests::Fault::status(503));
    let _ = env.api().post_voiding(&id).await.ok_as(202);
    let stalled = env.until(&id, "the marking stalls", |voiding| voiding.incident.is_some()).await;
    let run = run_id(&env, &id).await;
    let next = flood(&env, &id, ACKNOWLEDGE, &run).await;
    env.await_durable(&id).await;
    assert_eq!(env.api().voiding(&id).await.ok().incident, stalled.incident);
    // A worker that has never seen the run finds the same in its history.
    env.kill(Component::Worker).await;
    env.start(Component::Worker).await;
    env.proxy(Link::WorkerToReports).heal();
    let voided = env.in_state(&id, messages::voiding::VoidingState::DocumentVoided).await;
    assert_eq!((voided.process_id, run_id(&env, &id).await), (stalled.process_id, next));
    tests::voiding::assert_one_key(
        &env.commands(Link::WorkerToReports, &id, "/commands/mark-"),
        "MarkDocumentAsVoided",
    );
    env.assert_consistent().await;
}
