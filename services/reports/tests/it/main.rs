//! Reports over real HTTP, on each database, with a Billing log that the tests write.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod billing;
mod marking;
mod projection;
mod publishing;
mod races;

use billing::BillingLog;
use reports::Reports;
use serde_json::{Value, json};
use service_kit::DatabaseUrl;
use service_testing::{Answer, Client, Running};
use test_support::eventually;

/// Starts a Reports that follows this log.
async fn start(billing: &BillingLog, database: &DatabaseUrl) -> Running {
    Running::start(Reports::following(billing.url()).unwrap(), database).await
}

/// Waits until the customer's reports hold this many entries altogether. Returns the whole reports, oldest first; a
/// list would show only the newest documents.
async fn reports_with(client: &Client, customer: &str, entries: usize) -> Vec<Value> {
    let path = format!("/reports?customer_id={customer}");
    let reports = eventually("the documents are reported", async || {
        let mut reports = Vec::new();
        for listed in client.all(&path).await {
            let id = listed["report_id"].as_str().unwrap();
            reports.push(client.get(&format!("/reports/{id}")).await.body);
        }
        let count = reports.iter().map(|report| listed(report).len()).sum::<usize>();
        if count >= entries { Ok(reports) } else { Err(count) }
    });
    let mut reports = reports.await;
    reports.reverse();
    reports
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

/// Returns the id of each document of a report, with `-` before voided ones.
fn listed(report: &Value) -> Vec<String> {
    let documents = report["documents"].as_array().unwrap().iter();
    let shown = documents.map(|document| {
        let mark = if document["voided"] == true { "-" } else { "" };
        format!("{mark}{}", document["document_id"].as_str().unwrap())
    });
    shown.collect()
}

/// Returns the one total of a report, in its currency.
fn total(report: &Value) -> &str {
    let totals = report["totals"].as_array().unwrap();
    assert!(totals.len() <= 1, "{report}");
    totals.first().map_or("none", |total| total["amount"].as_str().unwrap())
}
