//! All end-to-end tests, in one binary: one Temporal server and one PostgreSQL server serve them all.
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod architecture;
mod bad_input;
mod confirmations;
mod console;
mod credit_changes;
mod harness;
mod readme;
mod recovery;
mod replay;
mod services;
mod subscriptions;
mod transfers;
mod voiding;

use tests::{Env, binaries};

/// Starts a whole system, without Accounts and Contracts.
async fn start() -> Env {
    Env::builder(binaries!()).start().await
}
