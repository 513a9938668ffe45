//! One request: repeated under the same key until something settles it, and recorded.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::history::{Attempt, History};

/// Time after which a waiting client asks again.
const PATIENCE: Duration = Duration::from_secs(8);

/// A request of a client.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) op: &'static str,
    pub(crate) target: &'static str,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
    /// Whether it only reads; reads are not recorded.
    pub(crate) is_read: bool,
    /// Number of attempts. The last one may settle nothing.
    pub(crate) tries: u32,
}

/// The addresses of the programs for the clients.
#[derive(Debug)]
pub(crate) struct Addresses {
    urls: BTreeMap<&'static str, String>,
    http: reqwest::Client,
}

impl Addresses {
    pub(crate) fn new(urls: BTreeMap<&'static str, String>) -> Self {
        let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(PATIENCE);
        Self { urls, http: builder.build().expect("an HTTP client") }
    }

    /// Sends a request, and records all attempts. Returns the answer that settles the request: a 2xx, or a refusal.
    pub(crate) async fn call(&self, history: &History, client: Value, request: Request) -> Option<(u16, Value)> {
        let mut attempts = Vec::new();
        let mut settled = None;
        for attempt in 0..request.tries {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100 << attempt.min(4))).await;
            }
            let from = history.now();
            let answer = self.once(&request).await;
            let code = answer.as_ref().and_then(|(_, body)| body["code"].as_str()).map(str::to_owned);
            let status = answer.as_ref().map(|(status, _)| *status);
            attempts.push(Attempt { from, to: history.now(), status, code });
            settled = answer.filter(is_final);
            if settled.is_some() {
                break;
            }
        }
        if !request.is_read {
            let line = json!({
                "client": client, "op": request.op, "target": request.target, "path": request.path,
                "key": request.key, "body": request.body,
            });
            history.enter(line, &attempts, settled.as_ref());
        }
        settled
    }

    async fn once(&self, request: &Request) -> Option<(u16, Value)> {
        let url = format!("{}{}", self.urls[request.target], request.path);
        let mut call = match &request.body {
            Some(body) => self.http.post(url).header("content-type", "application/json").body(body.to_string()),
            None => self.http.get(url),
        };
        if let Some(key) = &request.key {
            call = call.header("idempotency-key", key);
        }
        let answer = call.send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// Returns whether the answer is final. A 5xx, and a 4xx without a code, says nothing about what was done.
fn is_final((status, body): &(u16, Value)) -> bool {
    match status {
        200..300 => true,
        400 | 404 | 409 | 413 | 415 | 422 => body["code"].is_string(),
        _ => false,
    }
}
