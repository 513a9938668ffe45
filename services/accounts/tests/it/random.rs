//! Random commands, many at once and in any order: money is neither made nor lost, and the log explains every balance.

use std::collections::HashMap;

use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{cents, close, command, deposit, eur, fail, money, open, request, withdraw};

const ACCOUNTS: usize = 5;
const TRANSFERS: usize = 12;
const INITIAL: i64 = 1000;
/// Many small rounds; the result of each is checked.
const ROUNDS: usize = 25;
const AT_ONCE: usize = 8;

/// Returns id, source, target and amount of a transfer; some amounts can never be withdrawn.
fn transfer(n: usize) -> (String, String, String, i64) {
    let (from, to) = (n % ACCOUNTS, (n + 1 + n / ACCOUNTS) % ACCOUNTS);
    (format!("t{n}"), format!("a{from}"), format!("a{to}"), [150, 400, 700, 1500][n % 4])
}

/// Sends a random command, mostly one that fits its transfer. No answer may be a fault.
async fn send_any(client: &crate::Client, random: u64) {
    let mut random = StdRng::seed_from_u64(random);
    let (id, from, to, amount) = transfer(random.random_range(0..TRANSFERS));
    let amount = if random.random_ratio(1, 20) { amount + 1 } else { amount };
    let answer = match random.random_range(0..20) {
        0..5 => request(client, &id, &from, &to, amount).await,
        5..11 => withdraw(client, &id, &from, amount).await,
        11..15 => deposit(client, &id, &to, amount, "transfer").await,
        15..18 => deposit(client, &id, &from, amount, "refund").await,
        18 => fail(client, &id, "random").await,
        _ if random.random_ratio(1, 8) => close(client, &from).await,
        _ => command(client, "open-account", json!({"account_id": from, "initial_balance": eur(INITIAL)})).await,
    };
    assert!(matches!(answer.status, 200 | 202 | 404 | 409), "{answer:?}");
}

/// Returns the balances that the events lead to.
fn balances(events: &[Value]) -> HashMap<String, i64> {
    let mut balances = HashMap::new();
    for event in events {
        let data = &event["data"];
        let change = match event["type"].as_str().unwrap() {
            "AccountOpened" => cents(&data["initial_balance"]),
            "MoneyWithdrawn" => -cents(&data["amount"]),
            "MoneyDeposited" => cents(&data["amount"]),
            _ => continue,
        };
        let balance: &mut i64 = balances.entry(data["account_id"].as_str().unwrap().to_owned()).or_default();
        *balance += change;
        assert!(*balance >= 0, "{event}");
    }
    balances
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_random_commands_keep_all_money() {
    on_each_database(async |database| {
        let accounts = [Running::start(Accounts, &database).await, Running::start(Accounts, &database).await];
        let client = &accounts[0].client;
        for n in 0..ACCOUNTS {
            open(client, &format!("a{n}"), INITIAL).await;
        }
        let expected = INITIAL * i64::try_from(ACCOUNTS).unwrap();
        let mut random = StdRng::seed_from_u64(4);
        for round in 0..ROUNDS {
            let seeds: Vec<u64> = (0..AT_ONCE).map(|_| random.random()).collect();
            join_all(seeds.iter().enumerate().map(|(n, seed)| send_any(&accounts[n % 2].client, *seed))).await;
            assert_eq!(money(client).await, expected, "after round {round}");
        }
        let events = client.events().await;
        let shown = client.all("/accounts?limit=200").await;
        let shown: HashMap<_, _> =
            shown.iter().map(|a| (a["account_id"].as_str().unwrap().to_owned(), cents(&a["balance"]))).collect();
        assert_eq!(shown, balances(&events));
        for n in 0..TRANSFERS {
            let (id, ..) = transfer(n);
            let mut steps: Vec<_> = events.iter().filter(|event| event["correlationid"] == json!(id)).collect();
            steps.retain(|event| event["type"] != "MoneyTransferFailed");
            let kinds: Vec<_> = steps.iter().map(|event| event["type"].as_str().unwrap()).collect();
            let whole = ["MoneyTransferRequested", "MoneyWithdrawn", "MoneyDeposited"];
            assert_eq!(kinds, whole[..kinds.len()], "{id}");
        }
        let moved = events.iter().filter(|event| event["type"] == "MoneyDeposited").count();
        assert!(moved >= 3, "the commands were chosen so that some get through");
    })
    .await;
}
