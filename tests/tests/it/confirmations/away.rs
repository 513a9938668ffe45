//! A worker that is away while something happens, or while something becomes due.

use chrono::Utc;
use messages::confirmation::ConfirmationState;
use tests::{Component, eventually};

use super::{LONG, builder};

#[tokio::test]
async fn t04_a_contract_that_is_signed_before_its_process_has_started_ends_right() {
    let env = builder(LONG, LONG).later(Component::Worker).start().await;
    let (confirmed, signed) = (env.revoked_contract().await, env.revoked_contract().await);
    env.sign_and_confirm(&confirmed.contract).await;
    let _ = env.contracts().sign(&signed.contract).await.ok();
    env.start(Component::Worker).await;
    env.confirmation_ends(&confirmed.contract, "confirmed").await;
    env.confirmation_becomes(&signed.contract, "signed", |it| it.state == ConfirmationState::AwaitingConfirmation)
        .await;
    let _ = env.contracts().reconfirm(&signed.contract).await.ok();
    env.confirmation_ends(&signed.contract, "confirmed").await;
}

#[tokio::test]
async fn t05_a_worker_that_was_killed_over_a_reminder_and_over_the_deadline_catches_up() {
    let env = builder("2s", "7s").start().await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    let due_at = env.confirmation_becomes(contract, "begun", |_| true).await.due_at;
    env.kill(Component::Worker).await;
    eventually("the deadline passes", async || if Utc::now() > due_at { Ok(()) } else { Err(Utc::now()) }).await;
    env.start(Component::Worker).await;
    env.confirmation_needs_attention(contract, true).await;
    let overdue = env.confirmation_becomes(contract, "overdue", |it| it.is_overdue).await;
    assert_eq!(overdue.due_at, due_at);
    // From then on at the usual pace, and each number once.
    env.reminded(&revoked, usize::try_from(overdue.reminders).unwrap() + 1).await;
    env.sign_and_confirm(contract).await;
    env.confirmation_ends(contract, "confirmed").await;
}
