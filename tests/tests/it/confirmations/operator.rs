//! An operator's actions on a confirmation with the Temporal CLI: extend, remind, terminate.

use messages::{ContractId, contracts::ContractStatus};
use serde_json::json;
use tests::{Env, confirmation_workflow_id, json_payload};

use super::start;
use crate::voiding::signals::shapes::malformed;

/// Runs `temporal workflow signal --name instruct`.
async fn instruct(env: &Env, contract: &ContractId, instruction: &str) {
    let workflow = confirmation_workflow_id(contract);
    let words = ["workflow", "signal", "--workflow-id", &workflow, "--name", "instruct", "--input", instruction];
    let _ = env.temporal().cli(&words).await.ok();
}

#[tokio::test]
async fn t03_an_operator_extends_reminds_and_terminates_by_the_cli() {
    let env = start().await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    let begun = env.confirmation_becomes(contract, "begun", |_| true).await;

    instruct(&env, contract, r#"{"type": "ExtendDeadline", "data": {"by": "12h"}}"#).await;
    let extended = env.confirmation_becomes(contract, "extended", |it| it.due_at > begun.due_at).await;
    assert_eq!(extended.due_at - begun.due_at, chrono::TimeDelta::hours(12));

    instruct(&env, contract, r#"{"type": "RemindNow"}"#).await;
    env.reminded(&revoked, 1).await;
    env.confirmation_becomes(contract, "reminded", |it| it.reminders == 1).await;

    instruct(&env, contract, r#"{"type": "Terminate"}"#).await;
    env.confirmation_ends(contract, "terminated").await;
    assert_eq!(env.contracts().contract(contract).await.ok().status, ContractStatus::Terminated);
}

#[tokio::test]
async fn instructions_of_any_form_change_nothing_and_a_good_one_after_them_counts() {
    let env = start().await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    let begun = env.confirmation_becomes(contract, "begun", |_| true).await;
    let workflow = confirmation_workflow_id(contract);
    for payloads in malformed() {
        env.temporal().signal_by_id(&workflow, "instruct", payloads).await.unwrap();
    }
    for instruction in [
        json!({"type": "ExtendDeadline", "data": {"by": "0s"}}),
        json!({"type": "ExtendDeadline", "data": {"by": "99999999999999d"}}),
        json!({"type": "ExtendDeadline", "data": {"by": "later"}}),
        json!({"type": "ExtendDeadline", "data": {"by": 7}}),
        json!({"type": "ExtendDeadline"}),
        json!({"type": "Forget"}),
        json!({"type": "ContractTerminated", "data": {"contract_id": contract, "customer_id": revoked.customer}}),
        json!({"type": "RemindNow", "data": "x".repeat(20_000)}),
    ] {
        env.temporal().signal_by_id(&workflow, "instruct", vec![json_payload(&instruction)]).await.unwrap();
    }
    env.instruct_confirmation(contract, "ExtendDeadline", json!({"by": "1s"})).await;
    let extended = env.confirmation_becomes(contract, "extended", |it| it.due_at > begun.due_at).await;
    assert_eq!(extended.due_at - begun.due_at, chrono::TimeDelta::seconds(1));
    assert_eq!(extended.reminders, 0);
}
