//! Many random transfers at once, while answers are lost, requests arrive twice and the worker dies: money is neither
//! made nor lost, and every transfer ends.

use std::time::Duration;

use messages::{
    AccountId,
    accounts::{RequestMoneyTransfer, TransferStatus},
};
use rand::seq::{IndexedRandom, index};
use tests::{
    Books, Component, Env, Fault, Link, calls::until_answered, eventually, eventually_eq, heavy, load, sample,
};
use tokio::sync::watch;

use super::start;

const ACCOUNTS: usize = 10;
/// Maximum number of transfers under way: the other tests need the server too.
const AT_ONCE: usize = 100;
/// Number of kills of the worker, at even distances.
const KILLS: usize = 4;

/// Makes one in five requests meet a fault.
fn rain(env: &Env, drops: usize) {
    let faults = [Fault::LoseAnswer, Fault::Duplicate, Fault::status(503), Fault::Delay(Duration::from_millis(500))];
    for _ in 0..drops {
        let fault =
            if rand::random_ratio(1, 5) { faults.choose(&mut rand::rng()).cloned().unwrap() } else { Fault::Pass };
        env.proxy(Link::WorkerToAccounts).fault_times(1, "/", fault);
    }
}

async fn open_accounts(env: &Env) -> Vec<AccountId> {
    let ids: Vec<AccountId> = (0..ACCOUNTS).map(|_| sample::account_id()).collect();
    for id in &ids {
        let _ = env.accounts().open(id, sample::euros("1000")).await.ok_as(201);
    }
    ids
}

/// Returns a random transfer. Some exceed the balance.
fn invented(accounts: &[AccountId]) -> RequestMoneyTransfer {
    let two = index::sample(&mut rand::rng(), accounts.len(), 2);
    let amount = format!("{}.{:02}", rand::random_range(0..400), rand::random_range(1..100));
    sample::transfer(&accounts[two.index(0)], &accounts[two.index(1)], &amount)
}

async fn request_all(env: &Env, transfers: &[RequestMoneyTransfer], mut allowed: watch::Receiver<usize>) {
    for (number, transfer) in transfers.iter().enumerate() {
        allowed.wait_for(|allowed| number < *allowed).await.unwrap();
        let _ = until_answered(async || env.accounts().request(transfer).await).await.ok_as(202);
    }
}

fn ended(books: &Books) -> usize {
    use TransferStatus::{Completed, Failed, Returned};
    [Completed, Failed, Returned].map(|status| books.count(status)).iter().sum()
}

/// Returns how many transfers may have been requested. Before the last kill that is not all of them, so that there is
/// something to interrupt.
fn allowed(ended: usize, kills: usize, total: usize) -> usize {
    let most = if kills < KILLS { (2 * kills + 3) * total / (2 * (KILLS + 1)) } else { total };
    most.min(ended + AT_ONCE)
}

/// Keeps the books until every transfer has ended. Meanwhile the worker is killed, and an account is closed.
async fn follow(env: &Env, accounts: &[AccountId], total: usize, progress: &watch::Sender<usize>) -> Books {
    let mut books = Books::default();
    let mut kills = 0;
    eventually("every transfer ends", async || {
        env.keep(&mut books).await;
        let now = ended(&books);
        if now >= total {
            return Ok(());
        }
        if kills < KILLS && now >= (kills + 1) * total / (KILLS + 1) {
            kills += 1;
            env.kill(Component::Worker).await;
            env.start(Component::Worker).await;
            if kills == KILLS / 2 {
                let _ = env.accounts().close(&accounts[0]).await.ok();
            }
        }
        progress.send_replace(allowed(now, kills, total));
        Err(format!("{now} of {total} have ended"))
    })
    .await;
    assert_eq!(kills, KILLS, "the worker was killed");
    books
}

#[tokio::test]
async fn random_transfers_among_faults_and_killed_workers_each_end_once_and_never_change_the_sum_of_all_money() {
    let _turn = heavy().await;
    let env = start().await;
    let total = load(150, 1_000);
    let accounts = open_accounts(&env).await;
    let mut transfers: Vec<_> = (0..total - 2).map(|_| invented(&accounts)).collect();
    // Whatever chance has brought: an amount too large for one account, and a small one for the account that is closed
    // by then.
    transfers.push(sample::transfer(&accounts[1], &accounts[2], "100000"));
    transfers.push(sample::transfer(&accounts[3], &accounts[0], "0.01"));
    rain(&env, total * 5 / 2);
    let progress = watch::Sender::new(0);
    let allowed = progress.subscribe();
    let (books, ()) = tokio::join!(follow(&env, &accounts, total, &progress), request_all(&env, &transfers, allowed));

    assert_eq!(books.in_flight(), 0);
    assert_eq!(books.opened_with, i64::try_from(ACCOUNTS).unwrap() * 100_000);
    for status in [TransferStatus::Completed, TransferStatus::Failed, TransferStatus::Returned] {
        assert!(books.count(status) > 0, "some are {status:?}");
    }
    eventually_eq("each process has completed, in one run", (total, 0), async || {
        let runs = async |status: &str| {
            let query = format!("WorkflowType = 'TransferMoney' AND ExecutionStatus {status} 'Completed'");
            env.temporal().list(&query).await.len()
        };
        (runs("=").await, runs("!=").await)
    })
    .await;
    assert_eq!(env.audit().await.balances, books.balances);
}
