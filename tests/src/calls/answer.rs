//! The answer of a service.

use std::fmt;

use messages::{PROBLEM_MEDIA_TYPE, Problem};
use reqwest::{StatusCode, header::HeaderMap};
use serde::de::DeserializeOwned;

/// The answer to one call, or the fact that none came.
///
/// The call's `.await` never panics; the methods here do, at their caller's line, when the answer is not the expected
/// one.
#[derive(Debug, Clone)]
#[must_use = "look at the answer: ok(), problem() or failed()"]
pub struct Answer<T> {
    call: String,
    result: Result<Received, Failed>,
    body: std::marker::PhantomData<fn() -> T>,
}

/// No answer came: refused, reset, or too late.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

#[derive(Debug, Clone)]
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl<T: DeserializeOwned> Answer<T> {
    pub(super) async fn of(request: reqwest::RequestBuilder) -> Self {
        let request = match request.build() {
            Ok(request) => request,
            Err(error) => panic!("not a request: {error}"),
        };
        let call = format!("{} {}", request.method(), request.url());
        let result = receive(request).await.map_err(|error| Failed(describe(&error)));
        Self { call, result, body: std::marker::PhantomData }
    }

    /// Returns the body of an answer below 400.
    ///
    /// # Panics
    /// Panics if there was no answer, a problem, or a body of another type.
    #[track_caller]
    pub fn ok(&self) -> T {
        let received = self.received();
        assert!(received.status.as_u16() < 400, "expected success: {self}");
        self.parse(received)
    }

    /// Returns the body, if the status is this one.
    ///
    /// # Panics
    /// Panics if the status is another one, there was no answer, or the body is of another type.
    #[track_caller]
    pub fn ok_as(&self, status: u16) -> T {
        assert_eq!(self.status(), status, "{self}");
        self.ok()
    }

    /// Returns the problem of an answer from 400 on. Each is an RFC 9457 problem that repeats the status and has a
    /// code.
    ///
    /// # Panics
    /// Panics if there was no answer, a success, or no proper problem.
    #[track_caller]
    #[must_use]
    pub fn problem(&self) -> Problem {
        let received = self.received();
        assert!(received.status.as_u16() >= 400, "expected a problem: {self}");
        assert_eq!(self.header("content-type").as_deref(), Some(PROBLEM_MEDIA_TYPE), "{self}");
        let problem: Problem = self.parse(received);
        assert_eq!(problem.status, received.status.as_u16(), "{self}");
        assert!(!problem.code.is_empty() && !problem.title.is_empty() && !problem.kind.is_empty(), "{self}");
        problem
    }

    /// Returns status and code of the problem, such as `(409, "report-published")`, to compare in one go.
    ///
    /// # Panics
    /// Panics in the same cases as [`Answer::problem`].
    #[track_caller]
    #[must_use]
    pub fn refusal(&self) -> (u16, String) {
        let problem = self.problem();
        (problem.status, problem.code)
    }

    /// Returns why no answer came.
    ///
    /// # Panics
    /// Panics if one came.
    #[track_caller]
    #[must_use]
    pub fn failed(&self) -> Failed {
        match &self.result {
            Err(failed) => failed.clone(),
            Ok(_) => panic!("expected no answer: {self}"),
        }
    }

    /// Returns the body of an answer below 400, or else what came instead, for conditions to wait for.
    ///
    /// # Errors
    /// Returns the answer as text if there was none, or it was a problem or a body of another type.
    pub fn try_ok(&self) -> Result<T, String> {
        match &self.result {
            Ok(received) if received.status.as_u16() < 400 => {
                received.parse().map_err(|error| format!("{error}: {self}"))
            }
            _ => Err(self.to_string()),
        }
    }

    /// Returns whether the answer has this status.
    #[must_use]
    pub fn answered(&self, status: u16) -> bool {
        matches!(&self.result, Ok(received) if received.status.as_u16() == status)
    }

    /// Returns whether the answer is a problem with this code.
    pub(super) fn says(&self, code: &str) -> bool {
        let problem = self.result.as_ref().ok().filter(|received| received.status.as_u16() >= 400);
        problem.and_then(|received| received.parse::<Problem>().ok()).is_some_and(|problem| problem.code == code)
    }

    /// Returns the HTTP status.
    ///
    /// # Panics
    /// Panics if there was no answer.
    #[track_caller]
    #[must_use]
    pub fn status(&self) -> u16 {
        self.received().status.as_u16()
    }

    /// Returns a header's value.
    ///
    /// # Panics
    /// Panics if there was no answer.
    #[track_caller]
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.received().headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// Returns the body as text.
    ///
    /// # Panics
    /// Panics if there was no answer.
    #[track_caller]
    #[must_use]
    pub fn text(&self) -> &str {
        &self.received().text
    }

    #[track_caller]
    fn received(&self) -> &Received {
        self.result.as_ref().unwrap_or_else(|_| panic!("no answer: {self}"))
    }

    #[track_caller]
    fn parse<B: DeserializeOwned>(&self, received: &Received) -> B {
        received.parse().unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl Received {
    /// Parses the body. A missing body counts as `null`.
    fn parse<B: DeserializeOwned>(&self) -> serde_json::Result<B> {
        serde_json::from_str(if self.text.is_empty() { "null" } else { &self.text })
    }
}

impl<T> fmt::Display for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(received) => write!(f, "{} -> {} {}", self.call, received.status.as_u16(), received.text),
            Err(failed) => write!(f, "{} -> {failed}", self.call),
        }
    }
}

async fn receive(request: reqwest::Request) -> Result<Received, reqwest::Error> {
    let response = super::http().execute(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Received { status, headers, text: response.text().await? })
}

/// Describes an error with its causes: reqwest's own text names none.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
