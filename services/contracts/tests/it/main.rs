//! Contracts over real HTTP, on each database.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod changes;
mod contracts;
mod customers;
mod races;

use serde_json::{Value, json};
use service_testing::{Answer, Client};

/// Sends a command.
async fn command(client: &Client, name: &str, body: Value) -> Answer {
    client.post(&format!("/commands/{name}"), body).await
}

/// Registers a customer with the rating `AA`.
async fn register(client: &Client, customer: &str) {
    let body = json!({"customer_id": customer, "credit_rating": "AA"});
    let answer = command(client, "register-customer", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn open(client: &Client, contract: &str, customer: &str) {
    let body = json!({"contract_id": contract, "customer_id": customer});
    let answer = command(client, "open-contract", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

/// Changes a customer's rating, and returns the id of the change.
async fn change(client: &Client, customer: &str, rating: &str) -> String {
    let body = json!({"customer_id": customer, "credit_rating": rating});
    let answer = command(client, "change-customer-credit-rating", body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.body["credit_change_id"].as_str().unwrap().to_owned()
}

async fn revoke(client: &Client, contract: &str, change: &str) -> Answer {
    command(client, "revoke-customer-contract", json!({"contract_id": contract, "credit_change_id": change})).await
}

async fn reinstate(client: &Client, contract: &str, change: &str) -> Answer {
    command(client, "reinstate-contract", json!({"contract_id": contract, "credit_change_id": change})).await
}

/// Sends a step. `name` is `sign`, `reconfirm` or `terminate`.
async fn step(client: &Client, name: &str, contract: &str) -> Answer {
    command(client, &format!("{name}-contract"), json!({"contract_id": contract})).await
}

async fn status(client: &Client, contract: &str) -> String {
    client.get(&format!("/contracts/{contract}")).await.body["status"].as_str().unwrap().to_owned()
}

/// Returns the ids of a list of contracts. `query` is not empty.
async fn listed(client: &Client, query: &str) -> Vec<String> {
    let items = client.all(&format!("/contracts?{query}")).await;
    items.iter().map(|contract| contract["contract_id"].as_str().unwrap().to_owned()).collect()
}
