//! Every end of a confirmation of a contract, driven on a real system.

use messages::contracts::CreditRating;
use serde_json::{Value, json};
use tests::{Component, Env, binaries, confirmation_workflow_id};

/// The paths, by the names of their files.
pub(super) const NAMES: [&str; 3] = [
    "confirmation-reminded-then-confirmed",
    "confirmation-overdue-then-extended-then-terminated",
    "confirmation-revoked-again-then-reinstated",
];

/// Starts Contracts and the worker. A confirmation is overdue before its first reminder is due.
pub(super) async fn start() -> Env {
    let env = Env::builder(binaries!()).confirmations_only();
    let env = env.variable(Component::Worker, "CONFIRM_WITHIN", "1s");
    env.variable(Component::Worker, "REMIND_EVERY", "2s").start().await
}

/// Walks the path, and returns the id of the workflow whose history shows it.
pub(super) async fn walk(env: &Env, name: &str) -> String {
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    env.confirmation_needs_attention(contract, true).await;
    match name {
        "confirmation-reminded-then-confirmed" => {
            env.reminded(&revoked, 1).await;
            env.sign_and_confirm(contract).await;
            env.confirmation_ends(contract, "confirmed").await;
        }
        "confirmation-overdue-then-extended-then-terminated" => {
            env.instruct_confirmation(contract, "ExtendDeadline", json!({"by": "7d"})).await;
            env.confirmation_needs_attention(contract, false).await;
            env.instruct_confirmation(contract, "RemindNow", Value::Null).await;
            env.confirmation_becomes(contract, "reminded", |it| it.reminders > 0).await;
            env.instruct_confirmation(contract, "Terminate", Value::Null).await;
            env.confirmation_ends(contract, "terminated").await;
        }
        _ => {
            let _ = env.contracts().sign(contract).await.ok();
            let change = env.revoke(contract, &revoked.customer, CreditRating::C).await;
            let is_new =
                |it: &messages::confirmation::Confirmation| it.contract.credit_change_id.as_ref() == Some(&change);
            env.confirmation_becomes(contract, "begun anew", is_new).await;
            let _ = env.contracts().reinstate(contract, &change).await.ok();
            env.confirmation_ends(contract, "reinstated").await;
        }
    }
    confirmation_workflow_id(contract)
}
