//! Asks the programs over HTTP, and asks again while they are busy.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::plan::SERVICES;

/// Number of attempts for a program that does not answer; all programs are healthy by now.
const ATTEMPTS: usize = 120;
const PAUSE: Duration = Duration::from_millis(500);

/// The addresses of everything.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(super) urls: BTreeMap<&'static str, String>,
    pub(super) databases: BTreeMap<&'static str, String>,
    pub(super) temporal: String,
    http: reqwest::Client,
}

impl Reader {
    pub(crate) fn new(
        urls: BTreeMap<&'static str, String>,
        databases: BTreeMap<&'static str, String>,
        temporal: String,
    ) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        Self { urls, databases, temporal, http: http.expect("an HTTP client") }
    }

    pub(super) fn services(&self) -> [&'static str; 4] {
        SERVICES
    }

    pub(crate) fn url(&self, program: &str) -> &str {
        &self.urls[program]
    }

    /// Returns the JSON that a program answers, including a refusal.
    pub(crate) async fn get(&self, url: &str) -> Value {
        self.ask(|| self.http.get(url), url).await
    }

    pub(super) async fn post(&self, url: &str, body: &Value) -> Value {
        let request = || self.http.post(url).header("content-type", "application/json").body(body.to_string());
        self.ask(request, url).await
    }

    async fn ask(&self, request: impl Fn() -> reqwest::RequestBuilder, url: &str) -> Value {
        let mut last = Value::Null;
        for _ in 0..ATTEMPTS {
            match request().send().await {
                Ok(answer) if answer.status().as_u16() < 500 => {
                    let body = answer.bytes().await.unwrap_or_default();
                    if let Ok(value) = serde_json::from_slice(&body) {
                        return value;
                    }
                }
                Ok(answer) => last = json!(answer.text().await.unwrap_or_default()),
                Err(error) => last = json!(error.to_string()),
            }
            tokio::time::sleep(PAUSE).await;
        }
        json!({"unread": url, "last": last})
    }

    /// Returns the whole log of a service.
    pub(crate) async fn events(&self, service: &str) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        loop {
            let after = events.last().map_or("0", |event| event["sequence"].as_str().unwrap_or("0")).to_owned();
            let page = self.get(&format!("{}/events?after={after}&limit=1000", self.urls[service])).await;
            match page.as_array() {
                Some(page) if !page.is_empty() => events.extend(page.iter().cloned()),
                _ => return events,
            }
        }
    }

    /// Returns all items of a list of a service.
    pub(crate) async fn items(&self, program: &str, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{}{path}&limit=200{cursor}", self.urls[program])).await;
            items.extend(page["items"].as_array().into_iter().flatten().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}
