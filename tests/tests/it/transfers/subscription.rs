//! The subscription to Accounts' log, and an operator's actions with the Temporal CLI: look, pause, resume, rewind.

use messages::accounts::TransferStatus;
use serde_json::Value;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Env, Link, eventually, transfer_workflow_id};

use super::start;

const SUBSCRIPTION: &str = "subscription-TransferMoney";

async fn query(env: &Env) -> Result<Value, String> {
    let words = ["workflow", "query", "--workflow-id", SUBSCRIPTION, "--type", "state", "--output", "json"];
    let answer = env.temporal().cli(&words).await;
    if answer.code == 0 { Ok(answer.json()["queryResult"][0].clone()) } else { Err(answer.stderr) }
}

async fn signal(env: &Env, name: &str, inputs: &[&str]) {
    let words = ["workflow", "signal", "--workflow-id", SUBSCRIPTION, "--name", name];
    let _ = env.temporal().cli(&[&words[..], inputs].concat()).await.ok();
}

async fn is(env: &Env, status: &str) -> Value {
    eventually(status, async || {
        let state = query(env).await?;
        if state["status"] == status { Ok(state) } else { Err(state.to_string()) }
    })
    .await
}

#[tokio::test]
async fn a_paused_subscription_begins_no_transfer_until_it_is_resumed_and_goes_on_at_its_place() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let first = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    env.transfer_becomes(&first, TransferStatus::Completed).await;
    env.transfer_ends(&first, WorkflowExecutionStatus::Completed).await;
    signal(&env, "pause", &[]).await;
    is(&env, "paused").await;
    let polls = || env.proxy(Link::WorkerToAccounts).requests_to("/events").len();
    let before = polls();
    let second = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    // Nobody reads the log, however often one asks.
    for _ in 0..5 {
        assert_eq!(query(&env).await.unwrap()["status"], "paused");
    }
    assert_eq!(polls(), before);
    assert!(env.temporal().describe_by_id(&transfer_workflow_id(&second)).await.is_none());
    signal(&env, "resume", &[]).await;
    env.transfer_becomes(&second, TransferStatus::Completed).await;
    env.balances_are(&accounts, "800", "700").await;
    let resumed = env.proxy(Link::WorkerToAccounts).requests_to("/events")[before].path.clone();
    assert!(!resumed.contains("after=0"), "{resumed}");
}

#[tokio::test]
async fn a_subscription_that_is_rewound_to_the_origin_moves_no_money_again() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let first = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    let refused = env.request_transfer(&accounts.0, &accounts.1, "5000").await;
    for (id, status) in [(&first, TransferStatus::Completed), (&refused, TransferStatus::Failed)] {
        env.transfer_becomes(id, status).await;
        env.transfer_ends(id, WorkflowExecutionStatus::Completed).await;
    }
    let commands = env.proxy(Link::WorkerToAccounts).requests_to("/commands/").len();
    signal(&env, "rewind", &["--input", r#"{"position": "0"}"#]).await;
    signal(&env, "rewind", &["--input", r#"{"position": 0}"#]).await;
    eventually("the log is read again", async || {
        let polls = env.proxy(Link::WorkerToAccounts).requests_to("/events");
        let again = polls.iter().filter(|poll| poll.path.contains("after=0&")).count();
        if again > 1 { Ok(()) } else { Err(polls) }
    })
    .await;
    // A later transfer is delivered after everything that was delivered again.
    let last = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    env.transfer_becomes(&last, TransferStatus::Completed).await;
    env.transfer_ends(&last, WorkflowExecutionStatus::Completed).await;
    let mut sent = env.proxy(Link::WorkerToAccounts).requests_to("/commands/");
    sent.retain(|command| !command.is_about(last.as_str()));
    assert_eq!(sent.len(), commands, "none is sent again");
    for id in [&first, &refused] {
        let query = format!("WorkflowId = '{}'", transfer_workflow_id(id));
        assert_eq!(env.temporal().list(&query).await.len(), 1, "{id} has one run");
    }
    env.balances_are(&accounts, "800", "700").await;
    env.audit().await;
}

#[tokio::test]
async fn s06_accounts_away_is_waited_for_and_nothing_is_lost() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    env.proxy(Link::WorkerToAccounts).down().await;
    let ids = [
        env.request_transfer(&accounts.0, &accounts.1, "100").await,
        env.request_transfer(&accounts.0, &accounts.1, "50").await,
    ];
    eventually("the worker says that it cannot read the log", async || {
        let log = env.log(tests::Component::Worker);
        if log.contains("the log cannot be read") { Ok(()) } else { Err(log) }
    })
    .await;
    env.proxy(Link::WorkerToAccounts).up();
    for id in &ids {
        env.transfer_becomes(id, TransferStatus::Completed).await;
    }
    env.balances_are(&accounts, "850", "650").await;
    env.audit().await;
}
