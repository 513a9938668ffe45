//! A parked transfer, and an operator's actions with the Temporal CLI: look, retry, acknowledge.

use messages::{AccountId, TransferId, accounts::TransferStatus};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::{EventType, WorkflowExecutionStatus};
use tests::{Env, Link, eventually, eventually_eq, json_payload, transfer_workflow_id};

use super::{DEPOSIT, FAIL, WITHDRAW, start};
use crate::voiding::signals::shapes::malformed;

/// A transfer whose deposit and refund are both refused: the money is in flight.
struct Parked {
    accounts: (AccountId, AccountId),
    id: TransferId,
}

impl Parked {
    async fn new(env: &Env) -> Self {
        let accounts = env.two_accounts().await;
        let transfer = tests::sample::transfer(&accounts.0, &accounts.1, "100");
        let id = transfer.transfer_id.clone().unwrap();
        let proxy = env.proxy(Link::WorkerToAccounts).about(&id);
        proxy.refuse_times(1, DEPOSIT, 409, "locked");
        proxy.refuse_times(1, DEPOSIT, 409, "account-closed");
        let _ = env.accounts().request(&transfer).await.ok_as(202);
        let parked = Self { accounts, id };
        parked.is_parked(env, 1).await;
        parked
    }

    /// Waits until it is parked, with its `failures`th failure.
    async fn is_parked(&self, env: &Env, failures: u32) -> Value {
        eventually("the transfer is parked", async || {
            let view = self.query(env).await?;
            let meant = view["failure"]["failure_id"] == format!("{}/{failures}", self.id);
            if view["status"] == "parked" && meant { Ok(view) } else { Err(view.to_string()) }
        })
        .await
    }

    /// Runs `temporal workflow query --type state`.
    async fn query(&self, env: &Env) -> Result<Value, String> {
        let workflow = transfer_workflow_id(&self.id);
        let words = ["workflow", "query", "--workflow-id", &workflow, "--type", "state", "--output", "json"];
        let answer = env.temporal().cli(&words).await;
        if answer.code == 0 { Ok(answer.json()["queryResult"][0].clone()) } else { Err(answer.stderr) }
    }

    /// Runs `temporal workflow signal`.
    async fn signal(&self, env: &Env, name: &str, inputs: &[&str]) {
        let workflow = transfer_workflow_id(&self.id);
        let words = ["workflow", "signal", "--workflow-id", &workflow, "--name", name];
        let _ = env.temporal().cli(&[&words[..], inputs].concat()).await.ok();
    }

    /// Waits until this query finds it, or no longer does.
    async fn is_listed(&self, env: &Env, query: &str, expected: bool) {
        let workflow = transfer_workflow_id(&self.id);
        let query = format!("WorkflowType = 'TransferMoney' AND {query}");
        eventually_eq(&query, expected, async || {
            let found = env.temporal().cli(&["workflow", "list", "--query", &query, "--output", "json"]).await.json();
            let found = found.as_array().into_iter().flatten();
            found.into_iter().any(|run| run["execution"]["workflowId"] == workflow.as_str())
        })
        .await;
    }

    /// Checks that every signal so far has been seen, and changed nothing.
    async fn is_untouched(&self, env: &Env) {
        eventually("all signals have been handled", async || {
            let history = env.temporal().history_by_id(&transfer_workflow_id(&self.id)).await;
            let failed = history.iter().any(|event| event.event_type() == EventType::WorkflowTaskFailed);
            assert!(!failed, "a workflow task failed");
            let last = history.last().map(|event| event.event_type());
            if last == Some(EventType::WorkflowTaskCompleted) { Ok(()) } else { Err(last) }
        })
        .await;
        self.is_parked(env, 1).await;
    }
}

#[tokio::test]
async fn a_parked_transfer_says_why_and_a_retry_by_the_cli_brings_the_money_back() {
    let env = start().await;
    let parked = Parked::new(&env).await;
    let view = parked.query(&env).await.unwrap();
    assert_eq!(view["failure"]["code"], "locked");
    assert_eq!(view["failure"]["command"], "DepositMoney");
    assert_eq!(view["pending_commands"], json!(["DepositMoney"]));
    parked.is_listed(&env, "Incident = true", true).await;
    env.balances_are(&parked.accounts, "900", "500").await;

    parked.signal(&env, "retry", &[]).await;
    env.transfer_becomes(&parked.id, TransferStatus::Returned).await;
    env.transfer_ends(&parked.id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&parked.accounts, "1000", "500").await;
    parked.is_listed(&env, "Incident = true", false).await;
    env.audit().await;
}

#[tokio::test]
async fn a_retry_that_is_refused_again_parks_again_with_another_failure() {
    let env = start().await;
    let parked = Parked::new(&env).await;
    env.proxy(Link::WorkerToAccounts).about(&parked.id).refuse_times(1, DEPOSIT, 409, "locked-again");
    parked.signal(&env, "retry", &["--input", &json!({"failure_id": format!("{}/1", parked.id)}).to_string()]).await;
    assert_eq!(parked.is_parked(&env, 2).await["failure"]["code"], "locked-again");
    // The first failure is past, so this no longer means anything.
    parked
        .signal(&env, "acknowledge", &["--input", &json!({"failure_id": format!("{}/1", parked.id)}).to_string()])
        .await;
    parked.signal(&env, "retry", &["--input", "[\"whatever\"]"]).await;
    env.transfer_becomes(&parked.id, TransferStatus::Returned).await;
    env.transfer_ends(&parked.id, WorkflowExecutionStatus::Completed).await;
    let keys = env.proxy(Link::WorkerToAccounts).about(&parked.id).requests(DEPOSIT);
    let mut keys: Vec<_> = keys.iter().filter_map(|request| request.header("idempotency-key")).collect();
    assert!(keys.len() >= 4, "the deposit, and three times the refund: {keys:?}");
    keys.dedup();
    assert_eq!(keys.len(), 2, "the deposit's, and the refund's: {keys:?}");
    env.audit().await;
}

#[tokio::test]
async fn an_acknowledged_transfer_ends_failed_with_its_money_in_flight_whatever_was_sent_before() {
    let env = start().await;
    let parked = Parked::new(&env).await;
    let workflow = transfer_workflow_id(&parked.id);
    for payloads in malformed() {
        env.temporal().signal_by_id(&workflow, "acknowledge", payloads).await.unwrap();
    }
    for other in [json!("x"), json!(1), json!([1])] {
        let other = vec![json_payload(&json!({ "failure_id": other }))];
        env.temporal().signal_by_id(&workflow, "retry", other).await.unwrap();
    }
    for inputs in [&["--input", "[1]"][..], &["--input", "\"alex\""], &["--input", "{}", "--input", "{}"]] {
        parked.signal(&env, "acknowledge", inputs).await;
    }
    parked.is_untouched(&env).await;

    parked.signal(&env, "acknowledge", &["--input", r#"{"acknowledged_by": "alex", "note": "paid by hand"}"#]).await;
    env.transfer_ends(&parked.id, WorkflowExecutionStatus::Failed).await;
    let history = env.temporal().history_by_id(&workflow).await;
    let last = format!("{:?}", history.last().unwrap().attributes);
    assert!(last.contains("FailureAcknowledged") && last.contains("by alex: paid by hand"), "{last}");
    parked.is_listed(&env, "Incident = true", false).await;
    assert_eq!(env.audit().await.in_flight(), 10_000);
}

/// A parked transfer must not vanish with its money in flight.
#[tokio::test]
async fn a_parked_transfer_that_is_terminated_comes_back_parked_and_a_retry_brings_the_money_back() {
    let env = start().await;
    let parked = Parked::new(&env).await;
    let workflow = transfer_workflow_id(&parked.id);
    let words = ["workflow", "terminate", "--workflow-id", &workflow, "--reason", "by mistake"];
    let _ = env.temporal().cli(&words).await.ok();
    let view = parked.is_parked(&env, 2).await;
    assert_eq!(
        (&view["failure"]["code"], &view["failure"]["command"]),
        (&json!("ended-from-outside"), &json!("DepositMoney"))
    );
    let detail = view["failure"]["detail"].as_str().unwrap();
    assert!(detail.contains("by mistake") && detail.contains("locked"), "{detail}");
    parked.is_listed(&env, "Incident = true AND ExecutionStatus = 'Running'", true).await;
    assert_eq!(env.audit().await.in_flight(), 10_000);

    parked.signal(&env, "retry", &[]).await;
    env.transfer_becomes(&parked.id, TransferStatus::Returned).await;
    env.transfer_ends(&parked.id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&parked.accounts, "1000", "500").await;
    env.audit().await;
}

#[tokio::test]
async fn an_acknowledgement_without_a_payload_counts_as_well() {
    let env = start().await;
    let parked = Parked::new(&env).await;
    parked.signal(&env, "acknowledge", &[]).await;
    env.transfer_ends(&parked.id, WorkflowExecutionStatus::Failed).await;
}

#[tokio::test]
async fn signals_to_a_transfer_that_gets_on_and_unknown_ones_change_nothing() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let gate = env.proxy(Link::WorkerToAccounts).hold(WITHDRAW);
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    gate.held().await;
    for name in ["retry", "acknowledge", "no_such_signal", "deliver"] {
        for payloads in [vec![], vec![json_payload(&json!({}))], vec![json_payload(&json!([1]))]] {
            env.temporal().signal_by_id(&transfer_workflow_id(&id), name, payloads).await.unwrap();
        }
    }
    gate.open();
    env.transfer_becomes(&id, TransferStatus::Completed).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&accounts, "900", "600").await;
}

#[tokio::test]
async fn a_refused_give_up_parks_the_transfer_and_accounts_away_is_an_incident_that_clears() {
    let env = start().await;
    let parked = {
        let accounts = env.two_accounts().await;
        let proxy = env.proxy(Link::WorkerToAccounts);
        proxy.fault(WITHDRAW, tests::Fault::status(503));
        proxy.refuse_times(1, FAIL, 409, "unheard-of");
        let id = env.request_transfer(&accounts.0, &accounts.1, "5000").await;
        Parked { accounts, id }
    };
    // The command is stalled.
    let overdue = eventually("an incident", async || {
        let view = parked.query(&env).await?;
        if view["overdue"].is_object() { Ok(view) } else { Err(view.to_string()) }
    })
    .await;
    assert_eq!(overdue["overdue"]["command"], "WithdrawMoney", "{overdue}");
    parked.is_listed(&env, "Incident = true", true).await;
    parked.signal(&env, "acknowledge", &[]).await;
    env.proxy(Link::WorkerToAccounts).fault(WITHDRAW, tests::Fault::Pass);
    assert_eq!(parked.is_parked(&env, 1).await["failure"]["command"], "FailMoneyTransfer");
    parked.signal(&env, "retry", &[]).await;
    env.transfer_becomes(&parked.id, TransferStatus::Failed).await;
    env.transfer_ends(&parked.id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&parked.accounts, "1000", "500").await;
    env.audit().await;
}
