//! A confirmation whose deadline passes.

use messages::CustomerId;
use process_manager_host::operator::{InstanceFilter, Trouble};
use serde_json::json;
use tests::{Env, eventually, eventually_eq, sample};

use super::{LONG, builder};

/// Waits until one query finds this many overdue confirmations of a customer's contracts.
async fn overdue_of(env: &Env, customer: &CustomerId, expected: usize) {
    let (trouble, subject) = (Some(Trouble::NeedsAttention), Some(customer.to_string()));
    let filter = InstanceFilter { is_running: Some(true), trouble, subject, ..InstanceFilter::default() };
    let query = filter.query("ContractConfirmation").unwrap();
    eventually_eq(&query, expected, async || env.temporal().list(&query).await.len()).await;
}

#[tokio::test]
async fn t02_an_overdue_confirmation_needs_an_operator_until_its_deadline_moves_and_again_after_it() {
    let env = builder(LONG, "1s").start().await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    env.confirmation_needs_attention(contract, true).await;
    overdue_of(&env, &revoked.customer, 1).await;
    overdue_of(&env, &sample::customer_id(), 0).await;
    let first = env.confirmation_becomes(contract, "overdue", |it| it.is_overdue).await;
    let view = env.confirmation_view(contract).await.unwrap();
    assert_eq!(view["attention"]["code"], "overdue", "{view}");
    let since = view["attention"]["since"].clone();

    env.instruct_confirmation(contract, "ExtendDeadline", json!({"by": "1s"})).await;
    let second =
        env.confirmation_becomes(contract, "overdue again", |it| it.is_overdue && it.due_at > first.due_at).await;
    env.confirmation_needs_attention(contract, true).await;
    eventually("it is overdue since the new deadline", async || {
        let view = env.confirmation_view(contract).await?;
        if view["attention"]["since"] == since { Err(view.to_string()) } else { Ok(()) }
    })
    .await;

    env.instruct_confirmation(contract, "ExtendDeadline", json!({"by": "7d"})).await;
    env.confirmation_needs_attention(contract, false).await;
    overdue_of(&env, &revoked.customer, 0).await;
    let third = env.confirmation_becomes(contract, "extended", |it| !it.is_overdue).await;
    assert!(third.due_at - second.due_at > chrono::TimeDelta::days(6), "{third:?}");
    env.sign_and_confirm(contract).await;
    env.confirmation_ends(contract, "confirmed").await;
}

#[tokio::test]
async fn a_contract_that_is_confirmed_too_late_is_confirmed() {
    let env = builder(LONG, "1s").start().await;
    let revoked = env.revoked_contract().await;
    env.confirmation_needs_attention(&revoked.contract, true).await;
    env.sign_and_confirm(&revoked.contract).await;
    env.confirmation_ends(&revoked.contract, "confirmed").await;
    env.confirmation_needs_attention(&revoked.contract, false).await;
}
