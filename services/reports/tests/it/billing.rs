//! A Billing log that a test writes, over real HTTP.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

#[derive(Debug, Clone, Default)]
struct Log {
    logid: String,
    entries: Vec<Value>,
    is_down: bool,
}

/// Billing's log; it lives as long as the test.
#[derive(Debug, Clone)]
pub(crate) struct BillingLog {
    addr: SocketAddr,
    log: Arc<Mutex<Log>>,
}

#[derive(Deserialize)]
struct Asked {
    after: usize,
    limit: usize,
    wait: u64,
}

impl BillingLog {
    pub(crate) async fn start() -> Self {
        let log = Arc::new(Mutex::new(Log { logid: "log".to_owned(), ..Log::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = Router::new().route("/events", get(events)).with_state(log.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { addr, log }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.addr).parse().unwrap()
    }

    /// Appends anything, with its position.
    pub(crate) fn append(&self, mut event: Value) {
        let mut log = self.log.lock().unwrap();
        if event.is_object() {
            event["sequence"] = json!((log.entries.len() + 1).to_string());
            event["logid"] = json!(log.logid);
        }
        log.entries.push(event);
    }

    /// Issues a document over 10.00 EUR.
    pub(crate) fn issue(&self, document: &str, customer: &str) {
        let total = json!({"amount": "10.00", "currency": "EUR"});
        let data = json!({
            "document_id": document, "customer_id": customer, "kind": "invoice", "total": total,
            "issued_at": "2026-01-01T00:00:00Z",
        });
        self.append(event("DocumentIssued", data));
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.log.lock().unwrap().is_down = is_down;
    }

    /// Turns it into another log with the same events.
    pub(crate) fn replace(&self, logid: &str) {
        let mut log = self.log.lock().unwrap();
        log.logid = logid.to_owned();
        for entry in &mut log.entries {
            entry["logid"] = json!(logid);
        }
    }

    /// Loses this many events at the end.
    pub(crate) fn lose(&self, count: usize) {
        let mut log = self.log.lock().unwrap();
        let length = log.entries.len() - count;
        log.entries.truncate(length);
    }
}

/// Returns an event without its place in the log.
pub(crate) fn event(kind: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": "e", "source": "/billing", "type": kind, "subject": "d",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json",
        "correlationid": "c", "causationid": "c", "data": data,
    })
}

async fn events(State(log): State<Arc<Mutex<Log>>>, Query(asked): Query<Asked>) -> Response {
    let read = || {
        let log = log.lock().unwrap();
        let page: Vec<Value> = log.entries.iter().skip(asked.after).take(asked.limit).cloned().collect();
        (log.is_down, page)
    };
    let (mut is_down, mut page) = read();
    if !is_down && page.is_empty() && asked.wait > 0 {
        // One short wait instead of a long one, so that a reader soon sees what the test changes.
        tokio::time::sleep(Duration::from_millis(50)).await;
        (is_down, page) = read();
    }
    if is_down { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { Json(page).into_response() }
}
