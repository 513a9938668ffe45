//! Confirmations of contracts: ContractConfirmation as the worker hosts it, on a real server, over real HTTP.

mod away;
mod deadline;
mod operator;
mod paths;
mod rest;

use tests::{Component, Env, EnvBuilder, binaries};

pub(super) const REMIND: &str = "/commands/remind-";
/// Longer than any test.
const LONG: &str = "7d";

/// Builds Contracts and the worker, with these times.
fn builder(remind_every: &str, confirm_within: &str) -> EnvBuilder {
    Env::builder(binaries!()).confirmations_only().variable(Component::Worker, "REMIND_EVERY", remind_every).variable(
        Component::Worker,
        "CONFIRM_WITHIN",
        confirm_within,
    )
}

/// Starts Contracts and the worker, with nothing becoming due.
async fn start() -> Env {
    builder(LONG, LONG).start().await
}
