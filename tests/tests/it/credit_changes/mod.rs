//! Credit changes: CreditChange and its batches as the worker hosts them, on a real server, over real HTTP.

mod changed_again;
mod killed;
mod paths;
mod rest;

use messages::{ContractId, contracts::ContractStatus};
use tests::{Env, EnvBuilder, binaries};

/// Builds Contracts and the worker.
fn builder() -> EnvBuilder {
    Env::builder(binaries!()).confirmations_only()
}

async fn start() -> Env {
    builder().start().await
}

/// Returns how often the contract was revoked, according to its events.
async fn revocations(env: &Env, id: &ContractId) -> usize {
    env.contract_events(id).await.iter().filter(|event| event.kind == "CustomerContractRevoked").count()
}

async fn status(env: &Env, id: &ContractId) -> ContractStatus {
    env.contracts().contract(id).await.ok().status
}
