//! Billing's log is another one, or has lost its end: nothing is skipped silently.

use std::path::Path;

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tests::{Component, Env, Link, binaries, eventually, json_payload};

use super::Subscription;
use super::await_voided;
use super::issue;
use super::request;

const FILES: [&str; 3] = ["billing.sqlite", "billing.sqlite-wal", "billing.sqlite-shm"];

/// Replaces the database files of the stopped Billing by those of a backup. With `None`, Billing makes a new database.
async fn put_in_place(env: &Env, backup: Option<&Path>) {
    for file in FILES {
        let _ = std::fs::remove_file(env.dir().join(file));
        if let Some(backup) = backup.map(|folder| folder.join(file)).filter(|file| file.exists()) {
            std::fs::copy(backup, env.dir().join(file)).unwrap();
        }
    }
}

fn back_up(env: &Env, name: &str) -> std::path::PathBuf {
    let folder = env.dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    for file in FILES.into_iter().filter(|file| env.dir().join(file).exists()) {
        std::fs::copy(env.dir().join(file), folder.join(file)).unwrap();
    }
    folder
}

async fn reports_says_that_it_has_stopped(env: &Env) {
    let readyz = eventually("Reports says that it is not ready", async || {
        let answer = env.reports().raw().get::<Value>("/readyz").await;
        if answer.answered(503) { Ok(answer) } else { Err(answer.to_string()) }
    })
    .await;
    assert!(readyz.problem().detail.contains("Billing's log is not followed any more"), "{readyz}");
}

/// Checks that nothing except an intended `resume` wedges the workflow or makes it continue.
async fn malformed_signals_change_nothing(env: &Env) {
    let subscription = Subscription(env);
    let before = subscription.state().await.unwrap();
    let not_json = Payload { data: b"{".to_vec(), ..Payload::default() };
    let mut payloads: Vec<Vec<Payload>> = vec![vec![not_json], vec![json_payload(&json!({})); 2]];
    let malformed = [json!([0]), json!("0"), json!(0), json!({"position": "0"}), json!({"position": -1})];
    payloads.extend(malformed.iter().map(|value| vec![json_payload(value)]));
    let sent = payloads.len();
    for payload in payloads {
        subscription.signal("resume", payload).await;
    }
    subscription.signal("no-such-signal", vec![json_payload(&json!({"position": 0}))]).await;
    eventually("the workflow has seen the signals", async || {
        let history = env.temporal().history_by_id(super::WORKFLOW_ID).await;
        let signals = history.iter().filter(|event| event.event_type().as_str_name().ends_with("_SIGNALED")).count();
        let last = history.last().map(|event| event.event_type().as_str_name());
        if signals > sent && last == Some("EVENT_TYPE_WORKFLOW_TASK_COMPLETED") { Ok(()) } else { Err(last) }
    })
    .await;
    assert_eq!(subscription.state().await.unwrap(), before);
}

#[tokio::test]
async fn another_log_stops_the_subscription_and_reports_visibly_until_a_person_decides() {
    let env = Env::builder(binaries!()).start().await;
    let before = issue(&env, 2).await;
    request(&env, &before).await;
    await_voided(&env, &before).await;
    Subscription(&env).await_caught_up().await;
    env.await_reported().await;

    // The new log is as long as the old one by the time anybody reads it.
    env.proxy(Link::WorkerToBilling).down().await;
    env.proxy(Link::ReportsToBilling).down().await;
    let log_id = env.billing().log().await[0].logid.clone();
    env.stop(Component::Billing).await;
    put_in_place(&env, None).await;
    env.start(Component::Billing).await;
    let documents = issue(&env, 10).await;
    request(&env, &documents[..1]).await;
    env.proxy(Link::WorkerToBilling).up();
    env.proxy(Link::ReportsToBilling).up();

    let state = Subscription(&env).await_status("stopped").await;
    let new_log_id = env.billing().log().await[0].logid.clone();
    let error = state["error"].as_str().unwrap();
    assert!(error.contains(&log_id) && error.contains(&new_log_id), "{error}");
    let details = Subscription(&env).details().await;
    assert!(details.contains("Stopped") && details.contains("resume") && details.contains(&new_log_id), "{details}");
    reports_says_that_it_has_stopped(&env).await;
    assert!(Subscription(&env).reader().await.is_none(), "nothing is read any more");
    malformed_signals_change_nothing(&env).await;

    let position = json!({"position": 0});
    Subscription(&env).signal("resume", vec![json_payload(&position)]).await;
    await_voided(&env, &documents[..1]).await;
    Subscription(&env).await_caught_up().await;
    request(&env, &documents[1..2]).await;
    await_voided(&env, &documents[1..2]).await;
    Subscription(&env).await_status("following").await;
    assert_eq!(Subscription(&env).details().await, "");
    // Reports keeps its position: its data of the old log cannot be reconciled automatically.
    assert!(env.reports().all_reports().await.iter().all(|report| report.documents.len() == 2));
}

#[tokio::test]
async fn a_log_that_lost_its_end_stops_the_subscription_and_reports_until_it_is_restored() {
    let env = Env::builder(binaries!()).start().await;
    let documents = issue(&env, 4).await;
    env.stop(Component::Billing).await;
    let old = back_up(&env, "old");
    env.start(Component::Billing).await;
    request(&env, &documents[..2]).await;
    await_voided(&env, &documents[..2]).await;
    Subscription(&env).await_caught_up().await;
    let position = Subscription(&env).position().await.unwrap();
    env.stop(Component::Billing).await;
    let current = back_up(&env, "current");
    put_in_place(&env, Some(&old)).await;
    env.start(Component::Billing).await;

    let state = Subscription(&env).await_status("stopped").await;
    assert_eq!(state["position"], position);
    assert!(state["error"].as_str().unwrap().contains("ends before position"), "{state}");
    reports_says_that_it_has_stopped(&env).await;

    env.stop(Component::Billing).await;
    put_in_place(&env, Some(&current)).await;
    env.start(Component::Billing).await;
    env.stop(Component::Reports).await;
    env.start(Component::Reports).await;
    env.ready(Component::Reports).await;
    Subscription(&env).signal("resume", vec![]).await;
    request(&env, &documents[2..]).await;
    await_voided(&env, &documents[2..]).await;
    Subscription(&env).await_caught_up().await;
    assert_eq!(Subscription(&env).state().await.unwrap()["position"], position);
    env.assert_consistent().await;
}
