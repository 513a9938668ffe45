//! Money transfers: TransferMoney as the worker hosts it, on a real server, over real HTTP.

mod killed;
mod operator;
mod paths;
mod random;
mod restored;
mod subscription;

use messages::TransferId;
use tests::{Env, binaries};

const WITHDRAW: &str = "/commands/withdraw-";
pub(super) const DEPOSIT: &str = "/commands/deposit-";
const FAIL: &str = "/commands/fail-";

/// Starts Accounts and the worker.
async fn start() -> Env {
    Env::builder(binaries!()).transfers_only().start().await
}

async fn kinds(env: &Env, id: &TransferId) -> Vec<String> {
    env.transfer_events(id).await.into_iter().map(|event| event.kind).collect()
}
