//! Billing over real HTTP, on each database.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod documents;
mod events;
mod start;
mod voiding;

#[path = "../../../testing/mod.rs"]
mod testing;

use billing::Config;
use serde_json::{Value, json};
use service_kit::DatabaseUrl;
use tokio_util::sync::{CancellationToken, DropGuard};

use testing::Client;

/// A Billing that runs until it is dropped.
struct Running {
    client: Client,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
    _guard: DropGuard,
}

impl Running {
    async fn start(database: &DatabaseUrl) -> Self {
        let config = Config { addr: "127.0.0.1:0".to_owned(), database: database.clone() };
        let billing = billing::start(config).await.unwrap();
        let client = Client::new(billing.addr());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(billing.serve(shutdown.clone()));
        Self { client, task, _guard: shutdown.clone().drop_guard(), shutdown }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

fn document(id: &str) -> Value {
    document_of(id, "customer")
}

fn document_of(id: &str, customer: &str) -> Value {
    let total = json!({"amount": "12.3", "currency": "EUR"});
    json!({"document_id": id, "customer_id": customer, "kind": "invoice", "total": total})
}

/// Requests the voiding of a document; the process.
async fn void(client: &Client, document: &str) -> String {
    let answer = client.post("/commands/void-document", json!({"document_id": document})).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.body["process_id"].as_str().unwrap().to_owned()
}

/// Sends complete-, abort- or close-document-voiding.
async fn command(client: &Client, name: &str, document: &str, process: &str) -> testing::Answer {
    let body = json!({"document_id": document, "process_id": process});
    client.post(&format!("/commands/{name}-document-voiding"), body).await
}

/// Type and subject of all events of the log.
async fn story(client: &Client) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    client.events().await.iter().map(|event| (text(&event["type"]), text(&event["subject"]))).collect()
}
