//! One typed helper per HTTP call.

mod accounts;
mod answer;
mod api;
mod billing;
mod contracts;
mod events;
mod reports;

use std::{collections::BTreeMap, time::Duration};

use messages::{ProcessId, headers};
use serde::{Serialize, de::DeserializeOwned};

pub use accounts::Accounts;
pub use answer::{Answer, Failed};
pub use api::{Api, Voiding};
pub use billing::Billing;
pub use contracts::Contracts;
pub use events::Batch;
pub use reports::Reports;
pub use test_support::http;

use crate::eventually;

/// Number of times that a patient client repeats a call, with these pauses.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// The URL of a service, and the headers of each call.
#[derive(Debug, Clone)]
pub struct Target {
    base: String,
    headers: BTreeMap<&'static str, String>,
    is_patient: bool,
}

impl Target {
    /// Creates a target for the service at `base`, such as `http://127.0.0.1:8081`.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        Self { base: base.into(), headers: BTreeMap::new(), is_patient: false }
    }

    /// Returns the address that calls go to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Repeats calls for which Temporal is too busy, as clients are told to do.
    #[must_use]
    pub(crate) fn patient(mut self) -> Self {
        self.is_patient = true;
        self
    }

    /// Returns whether a header is sent with each call.
    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Sends a header with each call.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// `GET` of a path and query, such as `/documents?limit=2`.
    pub async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Answer<T> {
        self.send(http().get(format!("{}{path}", self.base))).await
    }

    /// `POST` of a JSON body.
    pub async fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Answer<T> {
        self.send(http().post(format!("{}{path}", self.base)).json(body)).await
    }

    /// `POST` of any bytes, as `content_type` if one is given.
    pub async fn post_bytes(&self, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer<serde_json::Value> {
        let mut request = http().post(format!("{}{path}", self.base)).body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.send(request).await
    }

    /// Sends any request, with this target's headers.
    pub async fn send<T: serde::de::DeserializeOwned>(&self, mut request: reqwest::RequestBuilder) -> Answer<T> {
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        for _ in 0..ATTEMPTS {
            let Some(again) = request.try_clone().filter(|_| self.is_patient) else { break };
            let answer = Answer::of(again).await;
            if !answer.says("temporal-unavailable") {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Answer::of(request).await
    }
}

/// Asks again while a service is busy, as its clients do: 503 says that nothing was done.
pub async fn until_answered<T: DeserializeOwned>(ask: impl AsyncFn() -> Answer<T>) -> Answer<T> {
    eventually("an answer of a service that has time", async || {
        let answer = ask().await;
        if answer.answered(503) { Err(answer.to_string()) } else { Ok(answer) }
    })
    .await
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name($crate::calls::Target);

        impl $name {
            /// Creates a client of the service at `base`, such as `http://127.0.0.1:8081`.
            #[must_use]
            pub fn new(base: impl Into<String>) -> Self {
                Self($crate::calls::Target::new(base))
            }

            /// Returns the target, for calls that have no helper.
            #[must_use]
            pub fn raw(&self) -> &$crate::calls::Target {
                &self.0
            }

            /// Returns the same client, sending a header with each call.
            #[must_use]
            pub fn header(&self, name: &'static str, value: impl Into<String>) -> Self {
                Self(self.0.clone().header(name, value))
            }

            /// Returns the same client, sending an idempotency key with each call.
            #[must_use]
            pub fn key(&self, key: impl Into<String>) -> Self {
                self.header(messages::headers::IDEMPOTENCY_KEY, key)
            }

            /// Returns the same client, sending the headers of the process manager's command named `command`.
            #[must_use]
            pub fn within(&self, process_id: &messages::ProcessId, command: &str) -> Self {
                Self($crate::calls::within(self.0.clone(), process_id, command))
            }
        }
    };
}
use client;

fn within(target: Target, process_id: &ProcessId, command: &str) -> Target {
    target
        .header(headers::IDEMPOTENCY_KEY, format!("{process_id}/{command}"))
        .header(headers::CORRELATION_ID, process_id.to_string())
}

/// Returns `?a=1&b=2` with the parameters that have a value, or nothing.
fn query(parameters: &[(&str, Option<String>)]) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        if let Some(value) = value {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(&format!("{name}={value}"));
        }
    }
    text
}
