//! Money transfers: TransferMoney as the worker hosts it, on a real server, over real HTTP.

mod killed;
mod operator;
mod paths;
mod random;
mod subscription;

use messages::{
    AccountId, CloudEvent, TransferId,
    accounts::{Transfer, TransferStatus},
};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Env, binaries, eventually, eventually_eq, sample};

const WITHDRAW: &str = "/commands/withdraw-";
pub(super) const DEPOSIT: &str = "/commands/deposit-";
const FAIL: &str = "/commands/fail-";

/// Accounts and the worker.
async fn start() -> Env {
    Env::builder(binaries!()).transfers_only().start().await
}

/// Two accounts, with 1000 and 500 EUR.
pub(super) async fn two_accounts(env: &Env) -> (AccountId, AccountId) {
    let (from, to) = (sample::account_id(), sample::account_id());
    let _ = env.accounts().open(&from, sample::euros("1000")).await.ok_as(201);
    let _ = env.accounts().open(&to, sample::euros("500")).await.ok_as(201);
    (from, to)
}

async fn request(env: &Env, from: &AccountId, to: &AccountId, amount: &str) -> TransferId {
    env.accounts().request(&sample::transfer(from, to, amount)).await.ok_as(202).transfer_id
}

pub(super) fn workflow_id(id: &TransferId) -> String {
    format!("TransferMoney-{id}")
}

/// Waits until the transfer has this status.
pub(super) async fn becomes(env: &Env, id: &TransferId, status: TransferStatus) -> Transfer {
    eventually(&format!("{id} is {status:?}"), async || {
        let transfer = env.accounts().transfer(id).await.try_ok()?;
        if transfer.status == status { Ok(transfer) } else { Err(format!("{transfer:?}")) }
    })
    .await
}

/// Waits until the process of the transfer has ended like this.
pub(super) async fn ends(env: &Env, id: &TransferId, status: WorkflowExecutionStatus) {
    let run = async || env.temporal().describe_by_id(&workflow_id(id)).await.map(|run| run.status());
    eventually_eq("the end of the transfer's process", Some(status), run).await;
}

/// Waits until both are on the accounts.
async fn balances(env: &Env, accounts: &(AccountId, AccountId), from: &str, to: &str) {
    let expected = (sample::euros(from), sample::euros(to));
    let now = async || (env.accounts().balance(&accounts.0).await, env.accounts().balance(&accounts.1).await);
    eventually_eq("the balances", expected, now).await;
}

/// The events of one transfer, in order.
async fn events(env: &Env, id: &TransferId) -> Vec<CloudEvent> {
    let log = env.accounts().log().await;
    log.into_iter().filter(|event| event.correlationid == id.as_str()).collect()
}

async fn kinds(env: &Env, id: &TransferId) -> Vec<String> {
    events(env, id).await.into_iter().map(|event| event.kind).collect()
}
