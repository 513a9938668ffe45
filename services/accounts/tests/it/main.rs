//! Accounts over real HTTP, on each database.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod accounts;
mod keys;
mod lists;
mod races;
mod random;
mod refusals;
mod start;
mod transfers;

#[path = "../../../testing/mod.rs"]
mod testing;

use ::accounts::Config;
use messages::{Currency, Money};
use serde_json::{Value, json};
use service_kit::DatabaseUrl;
use tokio_util::sync::{CancellationToken, DropGuard};

use testing::{Answer, Client};

/// An Accounts that runs until it is dropped.
struct Running {
    client: Client,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
    _guard: DropGuard,
}

impl Running {
    async fn start(database: &DatabaseUrl) -> Self {
        let config = Config { addr: "127.0.0.1:0".to_owned(), database: database.clone() };
        let accounts = ::accounts::start(config).await.unwrap();
        let client = Client::new(accounts.addr());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(accounts.serve(shutdown.clone()));
        Self { client, task, _guard: shutdown.clone().drop_guard(), shutdown }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// So many cents.
fn eur(cents: i64) -> Value {
    json!(Money { minor: cents, currency: Currency::from_code("EUR").unwrap() })
}

/// The cents of an amount of euros.
fn cents(money: &Value) -> i64 {
    serde_json::from_value::<Money>(money.clone()).unwrap().minor
}

/// Sends a command.
async fn command(client: &Client, name: &str, body: Value) -> Answer {
    client.post(&format!("/commands/{name}"), body).await
}

async fn open(client: &Client, id: &str, balance: i64) {
    let answer = command(client, "open-account", json!({"account_id": id, "initial_balance": eur(balance)})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn request(client: &Client, id: &str, from: &str, to: &str, amount: i64) -> Answer {
    let body = json!({"transfer_id": id, "from": from, "to": to, "amount": eur(amount)});
    command(client, "request-money-transfer", body).await
}

async fn withdraw(client: &Client, transfer: &str, account: &str, amount: i64) -> Answer {
    let body = json!({"transfer_id": transfer, "account_id": account, "amount": eur(amount)});
    command(client, "withdraw-money", body).await
}

/// `purpose` is `transfer` or `refund`.
async fn deposit(client: &Client, transfer: &str, account: &str, amount: i64, purpose: &str) -> Answer {
    let body = json!({"transfer_id": transfer, "account_id": account, "amount": eur(amount), "purpose": purpose});
    command(client, "deposit-money", body).await
}

async fn fail(client: &Client, transfer: &str, reason: &str) -> Answer {
    command(client, "fail-money-transfer", json!({"transfer_id": transfer, "reason": reason})).await
}

async fn close(client: &Client, account: &str) -> Answer {
    command(client, "close-account", json!({"account_id": account})).await
}

async fn balance(client: &Client, account: &str) -> i64 {
    cents(&client.get(&format!("/accounts/{account}")).await.body["balance"])
}

async fn status(client: &Client, transfer: &str) -> String {
    client.get(&format!("/transfers/{transfer}")).await.body["status"].as_str().unwrap().to_owned()
}

/// All items of a list.
async fn all(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        items.extend(page.body["items"].as_array().unwrap().iter().cloned());
        match &page.body["next_cursor"] {
            Value::Null => return items,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
}

/// All balances and what is in flight, in cents: no command may change it.
async fn money(client: &Client) -> i64 {
    let accounts = all(client, "/accounts?limit=200").await;
    let in_flight = all(client, "/transfers?limit=200&status=withdrawn").await;
    let balances: i64 = accounts.iter().map(|account| cents(&account["balance"])).sum();
    balances + in_flight.iter().map(|transfer| cents(&transfer["amount"])).sum::<i64>()
}

/// Type and subject of all events of the log.
async fn story(client: &Client) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    client.events().await.iter().map(|event| (text(&event["type"]), text(&event["subject"]))).collect()
}
