//! Credit changes and their batches, driven on a real system.

use messages::{CreditChangeId, CustomerId, contracts::CreditRating};
use serde_json::{Value, json};
use tests::{Component, Env, Fault, Link, binaries, eventually};

/// The paths, by the names of their files, of the process CreditChange and of its batch.
pub(super) const NAMES: [&str; 6] = [
    "credit-change-completed",
    "credit-change-changed-again",
    "credit-change-cancelled",
    "batch-completed",
    "batch-paused-by-failures-then-retried",
    "batch-cancelled",
];

const REVOKE: &str = "/commands/revoke-";

/// Starts Contracts and the worker.
pub(super) async fn start() -> Env {
    let env = Env::builder(binaries!()).confirmations_only();
    env.variable(Component::Worker, "REMIND_EVERY", "7d").start().await
}

/// Walks the path, and returns the id of the workflow whose history shows it.
pub(super) async fn walk(env: &Env, name: &str) -> String {
    let (customer, contracts) = env.customer_with_contracts(3).await;
    let proxy = env.proxy(Link::WorkerToContracts);
    match name {
        "batch-paused-by-failures-then-retried" => {
            proxy.about(&contracts[0]).fault(REVOKE, Fault::problem(409, "contract-in-dispute"));
        }
        "batch-cancelled" | "credit-change-changed-again" => proxy.fault(REVOKE, Fault::status(503)),
        _ => {}
    }
    let change = env.change_rating(&customer, CreditRating::B).await;
    match name {
        "batch-paused-by-failures-then-retried" => {
            batch_becomes(env, &change, |batch| batch["status"] == "paused").await;
            signal(env, &change, "limits", json!({"in_flight": 2})).await;
            proxy.heal();
            signal(env, &change, "retry", json!({})).await;
        }
        "batch-cancelled" => {
            batch_becomes(env, &change, |batch| batch["status"] == "running").await;
            proxy.heal();
            signal(env, &change, "cancel", json!({})).await;
            env.credit_change_ends(&customer, "cancelled").await;
            return batch(&change);
        }
        "credit-change-changed-again" => {
            env.credit_change_becomes(&customer, "begun", |state| state["served"] == json!([change])).await;
            let second = env.change_rating(&customer, CreditRating::C).await;
            env.credit_change_becomes(&customer, "goes over", |state| state["served"] == json!([change, second])).await;
            proxy.heal();
        }
        _ => {}
    }
    revoked(env, &customer).await;
    if name == "credit-change-cancelled" {
        env.sign_and_confirm(&contracts[0]).await;
        env.cancel_credit_change(&customer).await;
        env.credit_change_ends(&customer, "cancelled").await;
    } else {
        for contract in &contracts {
            env.sign_and_confirm(contract).await;
        }
        env.credit_change_ends(&customer, "completed").await;
    }
    if name.starts_with("batch") { batch(&change) } else { format!("CreditChange-{customer}") }
}

async fn revoked(env: &Env, customer: &CustomerId) {
    env.credit_change_becomes(customer, "counted", |state| state["contracts"]["pending"] == 3).await;
}

fn batch(change: &CreditChangeId) -> String {
    format!("RevokeCustomerContracts-{change}")
}

async fn batch_becomes(env: &Env, change: &CreditChangeId, wanted: impl Fn(&Value) -> bool) {
    eventually("the batch is as wanted", async || {
        let told: Value = env.temporal().query_by_id(&batch(change), "state").await?;
        if wanted(&told) { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
}

async fn signal(env: &Env, change: &CreditChangeId, name: &str, payload: Value) {
    let payload = vec![tests::json_payload(&payload)];
    env.temporal().signal_by_id(&batch(change), name, payload).await.unwrap();
}
