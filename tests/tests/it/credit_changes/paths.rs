//! The paths of a credit change.

use messages::contracts::{ContractStatus, CreditRating};

use tests::{Fault, Link, eventually_eq};

use super::{revocations, start, status};

#[tokio::test]
async fn each_contract_is_revoked_once_and_the_change_completes_once_each_is_confirmed_or_terminated() {
    let env = start().await;
    let (customer, contracts) = env.customer_with_contracts(3).await;
    let (_, of_another) = env.customer_with_contracts(1).await;
    let change = env.change_rating(&customer, CreditRating::B).await;
    for contract in &contracts {
        env.contract_becomes(contract, ContractStatus::Pending, &change).await;
    }
    let state = env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == 3).await;
    assert_eq!((&state["state"], &state["batch"]["accepted"]), (&"awaiting-confirmations".into(), &3.into()));
    env.sign_and_confirm(&contracts[0]).await;
    env.sign_and_confirm(&contracts[1]).await;
    let _ = env.contracts().terminate(&contracts[2]).await.ok();
    env.credit_change_ends(&customer, "completed").await;
    for contract in &contracts {
        assert_eq!(revocations(&env, contract).await, 1);
    }
    assert_eq!(status(&env, &of_another[0]).await, ContractStatus::Active);
    env.confirmation_ends(&contracts[0], "confirmed").await;
    env.confirmation_ends(&contracts[2], "terminated").await;
}

#[tokio::test]
async fn how_many_contracts_are_affected_is_known_before_they_are_revoked_and_exact_at_the_end() {
    let env = start().await;
    let (customer, contracts) = env.customer_with_contracts(4).await;
    let _ = env.contracts().terminate(&contracts[0]).await.ok();
    let proxy = env.proxy(Link::WorkerToContracts);
    proxy.fault("/commands/revoke-", Fault::status(503));
    proxy.fault_times(1, "/credit-changes/", Fault::status(503));
    let change = env.change_rating(&customer, CreditRating::B).await;
    proxy.await_requests(1, "/commands/revoke-").await;
    let batch = format!("RevokeCustomerContracts-{change}");
    env.temporal().signal_by_id(&batch, "pause", vec![]).await.unwrap();
    let state = env.credit_change_becomes(&customer, "paused", |state| state["batch"]["status"] == "paused").await;
    assert_eq!((&state["batch"]["total"], &state["batch"]["accepted"]), (&3.into(), &0.into()));
    let _ = env.contracts().terminate(&contracts[1]).await.ok();
    proxy.heal();
    env.temporal().signal_by_id(&batch, "resume", vec![]).await.unwrap();
    let state = env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == 2).await;
    assert_eq!((&state["batch"]["total"], &state["batch"]["accepted"]), (&2.into(), &2.into()));
    assert_eq!(state["contracts"]["untouched"], 0);
}

#[tokio::test]
async fn a_customer_without_contracts_has_nothing_to_wait_for() {
    let env = start().await;
    let (customer, _) = env.customer_with_contracts(0).await;
    env.change_rating(&customer, CreditRating::B).await;
    env.credit_change_ends(&customer, "completed").await;
    // A later change is another process of the same customer.
    env.change_rating(&customer, CreditRating::C).await;
    let runs = format!("WorkflowId = 'CreditChange-{customer}' AND ExecutionStatus = 'Completed'");
    eventually_eq("two processes", 2, async || env.temporal().list(&runs).await.len()).await;
}

#[tokio::test]
async fn a_cancelled_change_reinstates_what_is_not_confirmed_yet() {
    let env = start().await;
    let (customer, contracts) = env.customer_with_contracts(3).await;
    let change = env.change_rating(&customer, CreditRating::B).await;
    env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == 3).await;
    env.sign_and_confirm(&contracts[0]).await;
    let _ = env.contracts().sign(&contracts[1]).await.ok();
    env.cancel_credit_change(&customer).await;
    env.credit_change_ends(&customer, "cancelled").await;
    for contract in &contracts {
        env.contract_becomes(contract, ContractStatus::Active, &change).await;
    }
    env.confirmation_ends(&contracts[0], "confirmed").await;
    env.confirmation_ends(&contracts[1], "reinstated").await;
    env.confirmation_ends(&contracts[2], "reinstated").await;
}

#[tokio::test]
async fn contracts_that_are_opened_after_the_change_or_were_terminated_before_it_are_left_alone() {
    let env = start().await;
    let (customer, contracts) = env.customer_with_contracts(2).await;
    let _ = env.contracts().terminate(&contracts[0]).await.ok();
    let change = env.change_rating(&customer, CreditRating::B).await;
    let late = tests::sample::contract_id();
    let _ = env.contracts().open(&late, &customer).await.ok_as(201);
    env.contract_becomes(&contracts[1], ContractStatus::Pending, &change).await;
    env.sign_and_confirm(&contracts[1]).await;
    env.credit_change_ends(&customer, "completed").await;
    assert_eq!((revocations(&env, &contracts[0]).await, revocations(&env, &late).await), (0, 0));
    assert_eq!(status(&env, &late).await, ContractStatus::Active);
}
