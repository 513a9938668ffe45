//! Commands that meet: on PostgreSQL in many interleavings, on SQLite one after the other.

use futures::future::join_all;

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{balance, close, deposit, fail, money, open, request, status, withdraw};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_withdrawals_never_overdraw() {
    on_each_database(async |database| {
        let accounts = [Running::start(Accounts, &database).await, Running::start(Accounts, &database).await];
        let client = &accounts[0].client;
        open(client, "a", 1000).await;
        open(client, "b", 0).await;
        let attempts = join_all((0..50).map(|n| {
            let client = &accounts[n % 2].client;
            async move {
                let id = format!("t{n}");
                assert_eq!(request(client, &id, "a", "b", 90).await.status, 202);
                withdraw(client, &id, "a", 90).await
            }
        }));
        let answers = attempts.await;
        let accepted = answers.iter().filter(|answer| answer.status == 200).count();
        let refused = answers.iter().filter(|answer| answer.outcome() == (409, "insufficient-funds")).count();
        assert_eq!((accepted, refused), (11, 39));
        assert_eq!((balance(client, "a").await, money(client).await), (10, 1000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_same_commands_at_once_one_takes_effect() {
    on_each_database(async |database| {
        let accounts = [Running::start(Accounts, &database).await, Running::start(Accounts, &database).await];
        let client = &accounts[0].client;
        open(client, "a", 1000).await;
        open(client, "b", 0).await;
        let clients = || (0..50).map(|n| &accounts[n % 2].client);
        let requested = join_all(clients().map(|client| request(client, "t", "a", "b", 100))).await;
        assert_eq!(requested.iter().filter(|answer| answer.status == 202).count(), 1);
        assert!(requested.iter().all(|answer| matches!(answer.status, 200 | 202)), "{requested:?}");
        let withdrawn = join_all(clients().map(|client| withdraw(client, "t", "a", 100))).await;
        assert!(withdrawn.iter().all(|answer| answer.status == 200), "{withdrawn:?}");
        let deposited = join_all(clients().map(|client| deposit(client, "t", "b", 100, "transfer"))).await;
        assert!(deposited.iter().all(|answer| answer.status == 200), "{deposited:?}");
        assert_eq!((balance(client, "a").await, balance(client, "b").await), (900, 100));
        let closed = join_all(clients().map(|client| close(client, "a"))).await;
        assert!(closed.iter().all(|answer| answer.status == 200), "{closed:?}");
        assert_eq!(client.events().await.len(), 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_ways_to_go_on_at_once_one_wins() {
    on_each_database(async |database| {
        let accounts = [Running::start(Accounts, &database).await, Running::start(Accounts, &database).await];
        let [Running { client: one, .. }, Running { client: other, .. }] = &accounts;
        open(one, "a", 100_000).await;
        open(one, "b", 0).await;
        for n in 0..25 {
            let id = format!("t{n}");
            request(one, &id, "a", "b", 100).await;
            let (withdrawn, failed) = tokio::join!(withdraw(one, &id, "a", 100), fail(other, &id, "no"));
            match (withdrawn.outcome(), failed.outcome()) {
                ((200, _), (409, "already-withdrawn")) => (),
                ((409, "transfer-failed"), (200, _)) => {
                    assert_eq!(status(one, &id).await, "failed");
                    continue;
                }
                other => panic!("{other:?}"),
            }
            let (onward, back) =
                tokio::join!(deposit(one, &id, "b", 100, "transfer"), deposit(other, &id, "a", 100, "refund"));
            match (onward.outcome(), back.outcome()) {
                ((200, _), (409, "already-settled")) => assert_eq!(status(one, &id).await, "completed"),
                ((409, "already-settled"), (200, _)) => assert_eq!(status(one, &id).await, "returned"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(money(one).await, 100_000);
        let completed = one.story().await.iter().filter(|told| **told == ("MoneyDeposited".into(), "b".into())).count();
        assert_eq!(balance(one, "b").await, 100 * i64::try_from(completed).unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_closing_and_withdrawing_at_once_the_log_tells_the_order() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "b", 0).await;
        for n in 0..20 {
            let (account, id) = (format!("a{n}"), format!("t{n}"));
            open(client, &account, 100).await;
            request(client, &id, &account, "b", 100).await;
            let (closed, withdrawn) = tokio::join!(close(client, &account), withdraw(client, &id, &account, 100));
            assert_eq!(closed.status, 200);
            let told: Vec<_> = client.story().await.into_iter().filter(|(_, subject)| *subject == account).collect();
            let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
            match withdrawn.outcome() {
                (200, _) => assert_eq!(kinds, ["AccountOpened", "MoneyWithdrawn", "AccountClosed"]),
                (409, "account-closed") => assert_eq!(kinds, ["AccountOpened", "AccountClosed"]),
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}
