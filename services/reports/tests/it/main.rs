//! Reports over real HTTP, on each database, with a log of Billing that the tests write.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod billing;
mod marking;
mod projection;
mod publishing;
mod races;

#[path = "../../../testing/mod.rs"]
mod testing;

use std::{future::Future, time::Duration};

use billing::BillingLog;
use reports::Config;
use serde_json::{Value, json};
use service_kit::DatabaseUrl;
use testing::{Answer, Client, SOON};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A Reports that runs until it is dropped.
struct Running {
    client: Client,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
    _guard: DropGuard,
}

impl Running {
    async fn start(database: &DatabaseUrl, billing: &BillingLog) -> Self {
        let addr = "127.0.0.1:0".to_owned();
        let config = Config { addr, database: database.clone(), billing_url: billing.url() };
        let reports = reports::start(config).await.unwrap();
        let client = Client::new(reports.addr());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(reports.serve(shutdown.clone()));
        Self { client, task, _guard: shutdown.clone().drop_guard(), shutdown }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// Awaits a condition.
async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let awaited = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, awaited).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Awaits that the customer's reports hold so many entries altogether; the reports, oldest first.
async fn reports_with(client: &Client, customer: &str, entries: usize) -> Vec<Value> {
    let count = |reports: &[Value]| reports.iter().map(|report| listed(report).len()).sum::<usize>();
    let query = format!("customer_id={customer}");
    until("the documents are reported", || async { count(&reports(client, &query).await) >= entries }).await;
    let mut reports = reports(client, &query).await;
    reports.reverse();
    reports
}

/// All pages of a list of reports, newest first.
async fn reports(client: &Client, query: &str) -> Vec<Value> {
    let mut reports = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/reports?{query}{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        reports.extend(page.body["items"].as_array().unwrap().iter().cloned());
        match &page.body["next_cursor"] {
            Value::Null => return reports,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
}

async fn mark(client: &Client, document: &str, process: &str) -> Answer {
    let body = json!({"document_id": document, "customer_id": "claimed", "process_id": process});
    client.post("/commands/mark-document-as-voided", body).await
}

async fn unmark(client: &Client, document: &str, process: &str) -> Answer {
    let body = json!({"document_id": document, "customer_id": "claimed", "process_id": process});
    client.post("/commands/unmark-document-as-voided", body).await
}

async fn publish(client: &Client, customer: &str) -> Answer {
    client.post("/commands/publish-report", json!({"customer_id": customer})).await
}

/// Id of each document of a report, with `-` before those that are voided.
fn listed(report: &Value) -> Vec<String> {
    let documents = report["documents"].as_array().unwrap().iter();
    let shown = documents.map(|document| {
        let mark = if document["voided"] == true { "-" } else { "" };
        format!("{mark}{}", document["document_id"].as_str().unwrap())
    });
    shown.collect()
}

/// The one total of a report, in its currency.
fn total(report: &Value) -> &str {
    let totals = report["totals"].as_array().unwrap();
    assert!(totals.len() <= 1, "{report}");
    totals.first().map_or("none", |total| total["amount"].as_str().unwrap())
}
