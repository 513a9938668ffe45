//! Every path of a transfer that needs no operator.

use messages::accounts::TransferStatus;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Fault, Link, eventually, transfer_workflow_id};

use super::{DEPOSIT, WITHDRAW, kinds, start};

#[tokio::test]
async fn a_transfer_of_100_makes_900_and_600_of_1000_and_500_and_its_process_completes() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    env.transfer_becomes(&id, TransferStatus::Completed).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&accounts, "900", "600").await;
    assert_eq!(kinds(&env, &id).await, ["MoneyTransferRequested", "MoneyWithdrawn", "MoneyDeposited"]);
    env.audit().await;
}

#[tokio::test]
async fn a_transfer_of_more_than_there_is_fails_and_nothing_has_moved() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let id = env.request_transfer(&accounts.0, &accounts.1, "1000.01").await;
    let failed = env.transfer_becomes(&id, TransferStatus::Failed).await;
    assert_eq!(failed.reason.as_deref(), Some("the account has less than is to be withdrawn"));
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&accounts, "1000", "500").await;
    assert_eq!(kinds(&env, &id).await, ["MoneyTransferRequested", "MoneyTransferFailed"]);
    env.audit().await;
}

#[tokio::test]
async fn money_that_the_other_account_does_not_take_comes_back() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let _ = env.accounts().close(&accounts.1).await.ok();
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    env.transfer_becomes(&id, TransferStatus::Returned).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&accounts, "1000", "500").await;
    assert_eq!(kinds(&env, &id).await, ["MoneyTransferRequested", "MoneyWithdrawn", "MoneyDeposited"]);
    env.audit().await;
}

#[tokio::test]
async fn money_comes_back_to_an_account_that_was_closed_meanwhile() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let deposit = env.proxy(Link::WorkerToAccounts).hold(DEPOSIT);
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    deposit.held().await;
    for account in [&accounts.0, &accounts.1] {
        let _ = env.accounts().close(account).await.ok();
    }
    deposit.open();
    env.transfer_becomes(&id, TransferStatus::Returned).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    env.balances_are(&accounts, "1000", "500").await;
    env.audit().await;
}

#[tokio::test]
async fn h02_commands_name_the_transfer_and_the_event_that_led_to_them_and_so_do_their_events() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    ends_well(&env, &id).await;
    let events = env.transfer_events(&id).await;
    let mut commands = env.proxy(Link::WorkerToAccounts).requests_to("/commands/");
    // On a busy machine a command may be sent again.
    commands.dedup_by(|again, one| again.header("idempotency-key") == one.header("idempotency-key"));
    assert_eq!(commands.len(), 2, "{commands:?}");
    for ((command, cause), effect) in commands.iter().zip(&events).zip(&events[1..]) {
        assert_eq!(command.header("x-correlation-id"), Some(id.as_str()), "{command:?}");
        assert_eq!(command.header("x-causation-id"), Some(cause.id.as_str()), "{command:?}");
        assert!(command.header("idempotency-key").is_some_and(|key| key.contains(&cause.id)), "{command:?}");
        assert!(command.header("traceparent").is_some(), "{command:?}");
        assert_eq!(effect.causationid.as_str(), cause.id, "{effect:?}");
    }
}

async fn ends_well(env: &tests::Env, id: &messages::TransferId) {
    env.transfer_becomes(id, TransferStatus::Completed).await;
    env.transfer_ends(id, WorkflowExecutionStatus::Completed).await;
}

#[tokio::test]
async fn commands_that_come_twice_or_whose_answers_are_lost_take_effect_once_under_one_key() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let proxy = env.proxy(Link::WorkerToAccounts);
    for prefix in [WITHDRAW, DEPOSIT] {
        proxy.fault_times(1, prefix, Fault::Duplicate);
        proxy.fault_times(2, prefix, Fault::LoseAnswer);
        proxy.fault_times(1, prefix, Fault::status(503));
    }
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    ends_well(&env, &id).await;
    env.balances_are(&accounts, "900", "600").await;
    for prefix in [WITHDRAW, DEPOSIT] {
        let sent = proxy.requests_to(prefix);
        assert!(sent.len() >= 4, "{sent:?}");
        assert!(sent.iter().all(|it| it.header("idempotency-key") == sent[0].header("idempotency-key")), "{sent:?}");
    }
    env.audit().await;
}

#[tokio::test]
async fn a_finished_transfer_costs_few_events_of_history() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    // On a busy machine a transfer may cost more: then another one is checked.
    eventually("a transfer of few events", async || {
        let id = env.request_transfer(&accounts.0, &accounts.1, "1").await;
        ends_well(&env, &id).await;
        let history = env.temporal().history_by_id(&transfer_workflow_id(&id)).await;
        // Three signals, at most three workflow tasks of three events, two commands, two of the outcome, begin and end.
        if history.len() <= 18 { Ok(()) } else { Err(format!("{} events: {history:#?}", history.len())) }
    })
    .await;
}
