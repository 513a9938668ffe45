//! Plain HTTP, as a process manager uses it: a fault is retried with the same key.

use std::time::Duration;

use process_manager_wire::{PROBLEM_MEDIA_TYPE, code, error_chain, headers, without_credentials};
use reqwest::{Method, StatusCode, header::CONTENT_TYPE, redirect};
use serde_json::Value;
use url::{Host, Url};

/// Time limit of an answer, beyond the longest `wait`.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Attempts for a service's first answer, so that a wrong address is reported soon.
pub(crate) const FEW_ATTEMPTS: u32 = 5;
/// Attempts for an answer other than 408, 429, 502, 503 or 504: half a minute, in which a service can restart.
const MOST_ATTEMPTS: u32 = 20;
/// Number of attempts that one counts for if it ends after [`ANSWER_WITHIN`].
const COST_OF_A_TIMEOUT: u32 = 10;
/// Attempts before the operator is notified.
const SILENT_ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Tells the operator how far the check is.
pub type Notice = fn(&str);

/// Why the check cannot go on.
#[derive(Debug, Clone)]
pub(crate) struct Stop(pub(crate) String);

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<String>,
}

impl Request {
    /// Returns the request as a `curl` line, without credentials.
    pub(crate) fn curl(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        let mut line = format!("curl -sS {}", quoted(&without_credentials(self.url.as_str())));
        for (name, value) in &self.headers {
            line += &format!(" -H {}", quoted(&format!("{name}: {value}")));
        }
        if let Some(body) = &self.body {
            line += &format!(" --json {}", quoted(body));
        }
        line
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Its body; a text if it is not JSON.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the code of the problem in the body; empty if there is none.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default().trim()
    }

    pub(crate) fn is_problem(&self) -> bool {
        self.content_type.split(';').next().unwrap_or_default().trim() == PROBLEM_MEDIA_TYPE && !self.code().is_empty()
    }

    /// Returns whether it is a refusal, as a process manager decides it (`process_manager_client::http`).
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.status, 404 | 409 | 422) && !matches!(self.code(), "" | code::NOT_FOUND)
    }

    /// Returns whether it is the answer of a route that the service does not have.
    pub(crate) fn is_no_route(&self) -> bool {
        matches!(self.status, 404 | 405) && !self.is_refusal()
    }

    /// Returns whether it is a fault that may pass.
    pub(crate) fn is_worth_a_retry(&self) -> bool {
        matches!(self.status, 408 | 429 | 502 | 503 | 504)
    }

    /// Returns it as shown in a finding.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.status, excerpt(&self.body))
    }
}

/// Returns JSON as shown in a finding.
pub(crate) fn excerpt(value: &Value) -> String {
    const MOST: usize = 300;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A client of one service. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Result<reqwest::Client, String>,
    base: Url,
    notice: Notice,
}

/// A request that was not answered.
#[derive(Debug)]
pub(crate) struct Unanswered {
    is_timeout: bool,
    why: String,
}

impl Unanswered {
    fn new(error: reqwest::Error) -> Self {
        Self { is_timeout: error.is_timeout(), why: error_chain(&error.without_url()) }
    }
}

impl Http {
    pub(crate) fn new(base: Url, notice: Notice) -> Self {
        // Fails if a provider is already installed, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect would turn a command into a GET; there is no proxy in front of a service on this machine.
        let builder = reqwest::Client::builder().timeout(ANSWER_WITHIN).redirect(redirect::Policy::none());
        let builder = if is_loopback(&base) { builder.no_proxy() } else { builder };
        Self { client: builder.build().map_err(|error| error_chain(&error)), base, notice }
    }

    /// Returns its address, without credentials.
    pub(crate) fn address(&self) -> String {
        without_credentials(self.base.as_str())
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        Request { method: Method::GET, url: self.url(path), headers: Vec::new(), body: None }
    }

    pub(crate) fn post(&self, path: &str, headers: Vec<(&'static str, String)>, body: String) -> Request {
        Request { method: Method::POST, url: self.url(path), headers, body: Some(body) }
    }

    /// Returns the URL of a path; the address may have its own path.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/').filter(|segment| !segment.is_empty()));
        }
        url.set_query(query);
        url
    }

    /// Sends a request. Repeats it after a fault that may pass.
    pub(crate) async fn send(&self, request: &Request) -> Result<Reply, Stop> {
        self.send_within(request, MOST_ATTEMPTS).await
    }

    /// Does the same as [`Http::send`], with this many attempts.
    pub(crate) async fn send_within(&self, request: &Request, most: u32) -> Result<Reply, Stop> {
        let mut pause = FIRST_PAUSE;
        let (mut attempt, mut spent) = (0, 0);
        loop {
            attempt += 1;
            let replied = self.once(request).await;
            let is_timeout = replied.as_ref().is_err_and(|unanswered| unanswered.is_timeout);
            spent += if is_timeout { COST_OF_A_TIMEOUT } else { 1 };
            let why = match replied {
                Ok(reply) if !reply.is_worth_a_retry() || spent >= most => return Ok(reply),
                Ok(reply) => reply.shown(),
                Err(Unanswered { why, .. }) if spent >= most => {
                    return Err(Stop(format!("no answer ({why}) to {}", request.curl())));
                }
                Err(Unanswered { why, .. }) => why,
            };
            if attempt == SILENT_ATTEMPTS || is_timeout {
                (self.notice)(&format!("{} does not answer ({why}); trying again", self.address()));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends a request once.
    pub(crate) async fn once(&self, request: &Request) -> Result<Reply, Unanswered> {
        let broken = |why: &String| Unanswered { is_timeout: false, why: why.clone() };
        let client = self.client.as_ref().map_err(broken)?;
        let mut sent = client.request(request.method.clone(), request.url.clone());
        for (name, value) in &request.headers {
            sent = sent.header(*name, value);
        }
        if let Some(body) = &request.body {
            sent = sent.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = sent.send().await.map_err(Unanswered::new)?;
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let text = response.text().await.map_err(Unanswered::new)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Reply { status: StatusCode::as_u16(&status), content_type, body })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns the headers of a command.
pub(crate) fn headers_of(key: &str, correlation: &str, cause: Option<&str>) -> Vec<(&'static str, String)> {
    let mut named = vec![(headers::IDEMPOTENCY_KEY, key.to_owned()), (headers::CORRELATION_ID, correlation.to_owned())];
    named.extend(cause.map(|cause| (headers::CAUSATION_ID, cause.to_owned())));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_curl_can_be_pasted_and_hides_credentials() {
        let http = Http::new("http://me:secret@127.0.0.1:1/base/".parse().unwrap(), |_| ());
        let request = http.post("/commands/x", headers_of("k", "c", None), "{\"a\":\"it's\"}".to_owned());
        let line = request.curl();
        assert!(line.contains("/base/commands/x' -H 'idempotency-key: k'"), "{line}");
        assert!(line.ends_with(r#"--json '{"a":"it'\''s"}'"#), "{line}");
        assert!(!line.contains("secret"), "{line}");
    }

    #[test]
    fn a_refusal_has_a_code_and_an_unknown_route_is_none() {
        let reply = |status, body| Reply { status, content_type: String::new(), body };
        assert!(reply(409, serde_json::json!({"code": "aborted"})).is_refusal());
        for (status, body) in [(404, "not-found"), (409, " "), (400, "invalid-body"), (503, "overloaded")] {
            assert!(!reply(status, serde_json::json!({"code": body})).is_refusal(), "{status} {body}");
        }
        assert!(!reply(404, Value::String("nothing".to_owned())).is_refusal());
    }
}
