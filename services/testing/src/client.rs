//! A client of one service over real HTTP.

use std::net::SocketAddr;

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; a text if it is not JSON.
    pub body: Value,
}

impl Answer {
    /// Returns the status, and the code if the answer is a problem.
    #[must_use]
    pub fn outcome(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

/// A client of one service.
#[derive(Debug, Clone)]
pub struct Client {
    addr: SocketAddr,
    base: String,
}

impl Client {
    /// Makes a client of the service at this address.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, base: format!("http://{addr}") }
    }

    /// Returns the service's address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends GET. Otherwise like [`Client::ask`].
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], None).await
    }

    /// Sends POST with a JSON body. Otherwise like [`Client::ask`].
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    /// Sends POST with headers and a JSON body. Repeats it while the service is busy: 503 says that nothing was done.
    /// Otherwise like [`Client::ask`].
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        test_support::eventually("an answer of a service that has time", async || {
            let answer = self.post_once(path, headers, &body).await;
            if answer.status == 503 { Err(answer.body) } else { Ok(answer) }
        })
        .await
    }

    /// Sends POST with headers and a JSON body, once. Otherwise like [`Client::ask`].
    pub async fn post_once(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.ask(Method::POST, path, headers, Some(body.to_string())).await
    }

    /// Sends a request.
    ///
    /// # Panics
    /// Panics if it is not answered, or if an answer from 400 on is not a problem.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let mut request = test_support::http().request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if status >= 400 {
            assert_eq!(headers["content-type"], "application/problem+json", "{path}: {body}");
            assert_eq!(body["status"], status, "{path}: {body}");
        }
        Answer { status, headers, body }
    }

    /// Reads all items of a list. `path` has a query.
    ///
    /// # Panics
    /// Panics if a page is not answered with 200.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            items.extend(page.body["items"].as_array().unwrap().iter().cloned());
            match &page.body["next_cursor"] {
                Value::Null => return items,
                next => cursor = format!("&cursor={}", next.as_str().unwrap()),
            }
        }
    }

    /// Returns type and subject of all events of the log.
    ///
    /// # Panics
    /// Panics if the log cannot be read.
    pub async fn story(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.events().await.iter().map(|event| (text(&event["type"]), text(&event["subject"]))).collect()
    }

    /// Reads all events of the log.
    ///
    /// # Panics
    /// Panics if the log cannot be read.
    pub async fn events(&self) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        loop {
            let page = self.get(&format!("/events?after={}&limit=1000", events.len())).await;
            let page = page.body.as_array().unwrap().clone();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }
}
