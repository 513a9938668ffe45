//! Billing over real HTTP, on each database.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod documents;
mod events;
mod start;
mod voiding;

use serde_json::{Value, json};
use service_testing::{Answer, Client};

fn document(id: &str) -> Value {
    document_of(id, "customer")
}

fn document_of(id: &str, customer: &str) -> Value {
    let total = json!({"amount": "12.3", "currency": "EUR"});
    json!({"document_id": id, "customer_id": customer, "kind": "invoice", "total": total})
}

/// Requests the voiding of a document and returns its process.
async fn void(client: &Client, document: &str) -> String {
    let answer = client.post("/commands/void-document", json!({"document_id": document})).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.body["process_id"].as_str().unwrap().to_owned()
}

/// Sends complete-, abort- or close-document-voiding.
async fn command(client: &Client, name: &str, document: &str, process: &str) -> Answer {
    let body = json!({"document_id": document, "process_id": process});
    client.post(&format!("/commands/{name}-document-voiding"), body).await
}
