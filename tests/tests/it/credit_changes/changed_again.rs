//! A second change while the first one is served.

use messages::contracts::{ContractStatus, CreditRating};
use serde_json::json;
use tests::{Fault, Link};

use super::{revocations, start};

#[tokio::test]
async fn the_newer_change_takes_over_contracts_that_are_pending_signed_and_confirmed() {
    let env = start().await;
    let (customer, contracts) = env.customer_with_contracts(3).await;
    let first = env.change_rating(&customer, CreditRating::B).await;
    env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == 3).await;
    let _ = env.contracts().sign(&contracts[1]).await.ok();
    env.sign_and_confirm(&contracts[2]).await;
    let second = env.change_rating(&customer, CreditRating::C).await;
    for contract in &contracts {
        env.contract_becomes(contract, ContractStatus::Pending, &second).await;
    }
    let state = env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == 3).await;
    assert_eq!(state["served"], json!([first, second]));
    let revoked = [revocations(&env, &contracts[0]).await, revocations(&env, &contracts[1]).await];
    // No contract is revoked twice in one pending period; a signature becomes void.
    assert_eq!(revoked, [1, 2]);
    assert_eq!(revocations(&env, &contracts[2]).await, 2);
    for contract in &contracts {
        env.sign_and_confirm(contract).await;
    }
    env.credit_change_ends(&customer, "completed").await;
}

#[tokio::test]
async fn a_second_change_while_the_batch_runs_ends_that_batch_where_it_is() {
    let env = start().await;
    let (customer, contracts) = env.customer_with_contracts(5).await;
    let proxy = env.proxy(Link::WorkerToContracts);
    proxy.fault("/commands/revoke-", Fault::status(503));
    let first = env.change_rating(&customer, CreditRating::B).await;
    env.credit_change_becomes(&customer, "begun", |state| state["served"] == json!([first])).await;
    let second = env.change_rating(&customer, CreditRating::C).await;
    env.credit_change_becomes(&customer, "taken over", |state| state["served"] == json!([first, second])).await;
    proxy.heal();
    for contract in &contracts {
        env.contract_becomes(contract, ContractStatus::Pending, &second).await;
        assert_eq!(revocations(&env, contract).await, 1);
        env.sign_and_confirm(contract).await;
    }
    env.credit_change_ends(&customer, "completed").await;
}
