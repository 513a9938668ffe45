//! Worker, service and Temporal are killed while a batch runs.

use messages::contracts::{ContractStatus, CreditChange, CreditRating};
use tests::{Component, eventually, load};

use super::{builder, revocations};

#[tokio::test]
async fn each_contract_is_revoked_once_though_worker_service_and_temporal_are_killed() {
    let contracts = load(60, 1_000);
    let env = builder().own_temporal().start().await;
    let (customer, ids) = env.customer_with_contracts(contracts).await;
    let change = env.change_rating(&customer, CreditRating::B).await;
    for component in [Component::Worker, Component::Contracts, Component::Temporal, Component::Worker] {
        env.kill(component).await;
        env.start(component).await;
    }
    // Any of them may be the last one: only their number shows whether something moves.
    eventually("all contracts are pending", async || {
        let change = env.contracts().raw().get::<CreditChange>(&format!("/credit-changes/{change}")).await.ok();
        if change.contracts.pending == contracts as u64 { Ok(()) } else { Err(change.contracts) }
    })
    .await;
    for id in &ids {
        env.contract_becomes(id, ContractStatus::Pending, &change).await;
    }
    let state =
        env.credit_change_becomes(&customer, "counted", |state| state["contracts"]["pending"] == contracts).await;
    assert_eq!(state["batch"]["accepted"], contracts);
    for id in &ids {
        assert_eq!(revocations(&env, id).await, 1, "{id}");
        env.sign_and_confirm(id).await;
    }
    // All of them end: the change, and the confirmation of each contract.
    eventually("no process runs", async || {
        let running = env.temporal().list("ExecutionStatus = 'Running' AND ProcessId IS NOT NULL").await;
        if running.is_empty() { Ok(()) } else { Err(running.len()) }
    })
    .await;
    env.credit_change_ends(&customer, "completed").await;
}
