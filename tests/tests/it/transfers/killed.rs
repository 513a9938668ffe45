//! Accounts, worker and Temporal are killed after every step of a transfer, and restarted on their data.

use messages::{AccountId, TransferId, accounts::TransferStatus};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Component, Env, Gate, Link, binaries, sample};

use super::{DEPOSIT, FAIL, WITHDRAW, kinds};

/// Temporal first: the others see it vanish.
const ALL: [Component; 3] = [Component::Temporal, Component::Accounts, Component::Worker];

async fn start() -> Env {
    Env::builder(binaries!()).transfers_only().own_temporal().start().await
}

async fn kill_everything(env: &Env) {
    for component in ALL {
        env.kill(component).await;
    }
}

async fn start_everything(env: &Env) {
    for component in ALL {
        env.start(component).await;
    }
}

/// Holds a command about the transfer: either before it reaches Accounts, or after it was carried out but not answered.
fn hold(env: &Env, id: &TransferId, prefix: &str, is_carried_out: bool) -> Gate {
    let proxy = env.proxy(Link::WorkerToAccounts).about(id);
    if is_carried_out { proxy.hold_answer(prefix) } else { proxy.hold(prefix) }
}

const COMPLETED: [&str; 3] = ["MoneyTransferRequested", "MoneyWithdrawn", "MoneyDeposited"];

#[tokio::test]
async fn h13_a_transfer_of_100_makes_900_and_600_once_with_everything_killed_after_every_step() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    let transfer = sample::transfer(&accounts.0, &accounts.1, "100");
    let id = transfer.transfer_id.clone().unwrap();
    // Requested, but not read by any program yet.
    env.kill(Component::Worker).await;
    let _ = env.accounts().request(&transfer).await.ok_as(202);
    env.kill(Component::Accounts).await;
    env.kill(Component::Temporal).await;
    for (prefix, is_carried_out) in [(WITHDRAW, false), (WITHDRAW, true), (DEPOSIT, false), (DEPOSIT, true)] {
        let gate = hold(&env, &id, prefix, is_carried_out);
        start_everything(&env).await;
        gate.held().await;
        kill_everything(&env).await;
        // The held request arrives late, at the program that listens there by then.
        gate.open();
        env.proxy(Link::WorkerToAccounts).heal();
    }
    start_everything(&env).await;
    env.transfer_becomes(&id, TransferStatus::Completed).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    kill_everything(&env).await;
    start_everything(&env).await;
    env.balances_are(&accounts, "900", "600").await;
    assert_eq!(kinds(&env, &id).await, COMPLETED);
    env.audit().await;
}

/// A transfer that is held at one command.
struct Held {
    accounts: (AccountId, AccountId),
    id: TransferId,
    end: TransferStatus,
    gate: Gate,
}

/// The path of a transfer, and the command at which it is held.
const STEPS: [(TransferStatus, &str); 6] = [
    (TransferStatus::Completed, WITHDRAW),
    (TransferStatus::Completed, DEPOSIT),
    (TransferStatus::Failed, WITHDRAW),
    (TransferStatus::Failed, FAIL),
    (TransferStatus::Returned, WITHDRAW),
    (TransferStatus::Returned, DEPOSIT),
];

impl Held {
    async fn new(env: &Env, end: TransferStatus, prefix: &str, is_carried_out: bool) -> Self {
        let accounts = env.two_accounts().await;
        if end == TransferStatus::Returned {
            let _ = env.accounts().close(&accounts.1).await.ok();
        }
        let amount = if end == TransferStatus::Failed { "5000" } else { "100" };
        let transfer = sample::transfer(&accounts.0, &accounts.1, amount);
        let id = transfer.transfer_id.clone().unwrap();
        let gate = hold(env, &id, prefix, is_carried_out);
        let _ = env.accounts().request(&transfer).await.ok_as(202);
        Self { accounts, id, end, gate }
    }

    async fn ends_well(&self, env: &Env) {
        env.transfer_becomes(&self.id, self.end).await;
        env.transfer_ends(&self.id, WorkflowExecutionStatus::Completed).await;
        let moved = self.end == TransferStatus::Completed;
        let (from, to) = if moved { ("900", "600") } else { ("1000", "500") };
        env.balances_are(&self.accounts, from, to).await;
        if self.end == TransferStatus::Failed {
            assert_eq!(kinds(env, &self.id).await, ["MoneyTransferRequested", "MoneyTransferFailed"]);
        } else {
            assert_eq!(kinds(env, &self.id).await, COMPLETED);
        }
    }
}

#[tokio::test]
async fn h13_transfers_on_every_way_end_as_if_nothing_had_happened_with_everything_killed_at_each_step() {
    let env = start().await;
    let mut held = Vec::new();
    for (end, prefix) in STEPS {
        for is_carried_out in [false, true] {
            held.push(Held::new(&env, end, prefix, is_carried_out).await);
        }
    }
    for held in &held {
        held.gate.held().await;
    }
    kill_everything(&env).await;
    for held in &held {
        held.gate.open();
    }
    start_everything(&env).await;
    for held in &held {
        held.ends_well(&env).await;
    }
    env.audit().await;
}
