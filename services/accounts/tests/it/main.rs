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

use messages::{Currency, Money};
use serde_json::{Value, json};
use service_testing::{Answer, Client};

/// Returns an amount of euros, given in cents.
fn eur(cents: i64) -> Value {
    json!(Money { minor: cents, currency: Currency::from_code("EUR").unwrap() })
}

/// Returns the cents of an amount of euros.
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

/// Sends a deposit. `purpose` is `transfer` or `refund`.
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

/// Returns all balances and the amounts in flight, in cents. No command may change the sum.
async fn money(client: &Client) -> i64 {
    let accounts = client.all("/accounts?limit=200").await;
    let in_flight = client.all("/transfers?limit=200&status=withdrawn").await;
    let balances: i64 = accounts.iter().map(|account| cents(&account["balance"])).sum();
    balances + in_flight.iter().map(|transfer| cents(&transfer["amount"])).sum::<i64>()
}
