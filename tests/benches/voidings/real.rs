//! The real system: requests to its api, to Billing or to Accounts, and documents written directly to the databases.

use std::time::Duration;

use chrono::Utc;
use messages::headers;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::{Value, json};
use tests::{Component, Env, sample};
use tokio::time::sleep;

use crate::kinds::{document_id, transfer_id};

const PAUSE: Duration = Duration::from_millis(200);
const ACCOUNTS: usize = 100;

/// Documents issued before the log began, ten per customer: as many requests would take minutes.
const ISSUED: [&str; 1] = ["
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1)
    INSERT INTO documents (document_id, customer_id, kind, minor, currency, status, issued_at)
    SELECT printf('doc-%032d', n), printf('cus-%032d', n / 10), 'invoice', 1234, 'EUR', 'issued', ?2 FROM number"];
/// The same documents in the open reports of their customers.
const REPORTED: [&str; 3] = [
    "
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 10 FROM number WHERE n + 10 < ?1)
    INSERT INTO reports (report_id, customer_id, number, status, opened_at)
    SELECT printf('rep-%032d', n / 10), printf('cus-%032d', n / 10), 1, 'open', ?2 FROM number",
    "
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1)
    INSERT INTO documents (document_id, customer_id, minor, currency, report_id)
    SELECT printf('doc-%032d', n), printf('cus-%032d', n / 10), 1234, 'EUR', printf('rep-%032d', n / 10) FROM number",
    "
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1)
    INSERT INTO report_documents (report_id, place, document_id, minor, currency, voided)
    SELECT printf('rep-%032d', n / 10), n % 10 + 1, printf('doc-%032d', n), 1234, 'EUR', FALSE FROM number",
];

/// Issues this many documents.
pub(crate) async fn issue(env: &Env, documents: usize) {
    fill(env.variable(Component::Billing, "BILLING_DATABASE_URL"), &ISSUED, documents).await;
    fill(env.variable(Component::Reports, "REPORTS_DATABASE_URL"), &REPORTED, documents).await;
}

async fn fill(url: &str, statements: &[&str], documents: usize) {
    let database = Database::connect(url).await.unwrap();
    for sql in statements {
        let values = [i64::try_from(documents).unwrap().into(), Utc::now().into()];
        // A statement without a time has no second value.
        let values = values.into_iter().take(if sql.contains("?2") { 2 } else { 1 });
        database.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, *sql, values)).await.unwrap();
    }
    database.close().await.unwrap();
}

/// Opens the accounts for the transfers. Each takes part in so many that a few wait for each other.
pub(crate) async fn open_accounts(env: &Env) {
    for number in 0..ACCOUNTS {
        let id = account_id(number).parse().unwrap();
        let _ = env.accounts().open(&id, sample::euros("1000000")).await.ok_as(201);
    }
}

fn document(number: usize) -> Value {
    json!({"document_id": document_id(number)})
}

fn transfer(number: usize) -> Value {
    json!({
        "transfer_id": transfer_id(number),
        "from": account_id(number % ACCOUNTS),
        "to": account_id((number + 1) % ACCOUNTS),
        "amount": sample::euros("1"),
    })
}

fn account_id(number: usize) -> String {
    format!("acc-{number:032}")
}

/// Requests that processes follow from.
pub(crate) struct Requests {
    http: reqwest::Client,
    url: String,
    body: fn(usize) -> Value,
}

impl Requests {
    /// Requests voidings from the api.
    pub(crate) fn of_api(env: &Env) -> Self {
        Self::to(format!("{}/voidings", env.url(Component::Api)), document)
    }

    /// Requests voidings from Billing alone, whose log the worker follows.
    pub(crate) fn of_billing(env: &Env) -> Self {
        Self::to(format!("{}/commands/void-document", env.url(Component::Billing)), document)
    }

    /// Requests money transfers from Accounts, whose log the worker follows.
    pub(crate) fn of_accounts(env: &Env) -> Self {
        Self::to(format!("{}/commands/request-money-transfer", env.url(Component::Accounts)), transfer)
    }

    fn to(url: String, body: fn(usize) -> Value) -> Self {
        Self { http: reqwest::Client::builder().no_proxy().build().unwrap(), url, body }
    }

    /// Returns when the request is accepted. Repeats it under the same key while the receiver is busy.
    pub(crate) async fn send(&self, number: usize) {
        let (key, body) = (format!("bench-{number}"), (self.body)(number));
        loop {
            let request = self.http.post(&self.url).header(headers::IDEMPOTENCY_KEY, &key).json(&body);
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            match status {
                StatusCode::ACCEPTED => return,
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => sleep(PAUSE).await,
                _ => panic!("{} {body}: {status} {text}", self.url),
            }
        }
    }
}
