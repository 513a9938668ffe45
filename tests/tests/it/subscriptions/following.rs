//! The worker is killed while it follows Billing's log.

use messages::{DocumentId, billing::DocumentStatus};
use tests::voiding::{VOIDED, events_in};
use tests::{Component, Env, Link, binaries, calls::until_answered, eventually, eventually_eq, sample, workflow_id};

const MANY: usize = 40;

/// Requests the voiding of documents from Billing alone, so that only the log (or the sweep) leads to a process.
async fn request(env: &Env, count: usize) -> Vec<DocumentId> {
    let customer = sample::customer_id();
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = env.issue(&sample::invoice(&customer)).await.document_id;
        let _ = until_answered(async || env.billing().void(&id).await).await.ok_as(202);
        ids.push(id);
    }
    ids
}

async fn voided(env: &Env, least: usize) {
    eventually(&format!("{least} documents are voided"), async || {
        let documents = env.billing().all_documents().await;
        let voided = documents.iter().filter(|document| document.status == DocumentStatus::Voided).count();
        if voided >= least { Ok(()) } else { Err(voided) }
    })
    .await;
}

/// Returns the position that Temporal knows from the activity's heartbeat.
async fn position(env: &Env) -> Option<i64> {
    let words = ["workflow", "describe", "--workflow-id", "subscription-voiding", "--output", "json"];
    let described = env.temporal().cli(&words).await.json();
    described["pendingActivities"][0]["heartbeatDetails"][0]["position"].as_i64()
}

/// Returns the first position that was requested after the first `seen` requests.
fn resumed_after(env: &Env, seen: usize) -> Option<i64> {
    let requests = env.proxy(Link::WorkerToBilling).requests_to("/events");
    let query = requests.get(seen)?.path.split_once("after=")?.1;
    query.split('&').next()?.parse().ok()
}

#[tokio::test]
async fn a_worker_killed_while_it_follows_the_log_resumes_there_and_nothing_is_lost_or_started_twice() {
    let env = &Env::builder(binaries!()).start().await;
    let mut ids = request(env, MANY).await;
    let known = eventually("a heartbeat with a position", async || match position(env).await {
        Some(position) if position > 0 => Ok(position),
        other => Err(other),
    })
    .await;
    ids.extend(request(env, MANY).await);
    voided(env, MANY / 2).await;
    let seen = env.proxy(Link::WorkerToBilling).requests_to("/events").len();
    env.kill(Component::Worker).await;
    ids.extend(request(env, MANY).await);
    env.start(Component::Worker).await;
    voided(env, ids.len()).await;
    let resumed = eventually("the log is read again", async || resumed_after(env, seen).ok_or(seen)).await;
    assert!(resumed >= known, "resumed after {resumed}, although {known} was known");
    let mut expected: Vec<String> = ids.iter().map(workflow_id).collect();
    expected.sort();
    eventually_eq("one run for each document", expected, async || {
        let runs = env.temporal().list("WorkflowType = 'DocumentVoiding'").await;
        let mut workflows: Vec<_> = runs.into_iter().filter_map(|run| Some(run.execution?.workflow_id)).collect();
        workflows.sort();
        workflows
    })
    .await;
    let logs = [env.billing().log().await, env.reports().log().await];
    for id in &ids {
        assert_eq!(events_in(&logs, id), VOIDED);
    }
    env.assert_consistent().await;
}
