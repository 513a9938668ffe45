//! Error answers: each is an RFC 9457 problem with a stable code.

use std::{error::Error, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use process_manager_wire::{PROBLEM_MEDIA_TYPE, Problem, code, error_chain};

/// `Retry-After` of a program that is busy, or whose database is busy.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Longest detail in characters. It may quote the request, which may be a megabyte.
const LONGEST_DETAIL: usize = 1_000;

/// An error answer. The client sees the problem; the log also gets the cause of a fault.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// Makes an error answer with a stable code, such as one of [`process_manager_wire::code`].
#[must_use]
pub fn problem(status: StatusCode, code: &'static str, detail: impl Into<String>) -> ApiError {
    let mut detail = detail.into();
    if let Some((end, _)) = detail.char_indices().nth(LONGEST_DETAIL) {
        detail.truncate(end);
        detail.push('…');
    }
    ApiError { status, code, detail, retry_after: None, cause: None }
}

impl ApiError {
    /// Makes the 500 answer of a fault. The client learns nothing about the cause.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        problem(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, "something went wrong here; it was logged")
            .caused_by(cause)
    }

    /// Adds `Retry-After`, in whole seconds.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Adds the cause, which appears only in the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Returns the answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the answer's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    fn log(&self) {
        if matches!(self.code, code::NOT_READY | code::OVERLOADED) {
            // The answer gives the reason. A program that has just started or sheds load is not in error, and a line
            // for each request would add to the load.
            tracing::debug!(code = self.code, "{}", self.detail);
        } else if self.status.is_server_error() {
            let cause = self.cause.as_deref().map(|cause| error_chain(cause)).unwrap_or_default();
            tracing::error!(status = self.status.as_u16(), code = self.code, cause, "{}", self.detail);
        } else if let Some(cause) = self.cause.as_deref() {
            tracing::debug!(
                status = self.status.as_u16(),
                code = self.code,
                cause = error_chain(cause),
                "{}",
                self.detail
            );
        }
    }
}

/// A business 'no': the command changes nothing. It converts to an [`ApiError`] with its text as detail.
pub trait Refusal: Error {
    /// Returns its stable code.
    fn code(&self) -> &'static str;

    /// Returns the status of its answer: 409 unless something is missing or invalid.
    fn status(&self) -> StatusCode {
        StatusCode::CONFLICT
    }
}

impl<R: Refusal> From<R> for ApiError {
    fn from(refusal: R) -> Self {
        problem(refusal.status(), refusal.code(), refusal.to_string())
    }
}

/// Converts a code to a title: `document-not-found` -> `Document not found`
fn title(code: &str) -> String {
    let mut words = code.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let body = Problem {
            kind: format!("/problems/{}", self.code),
            title: title(self.code),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.to_owned(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        if let Some(delay) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_that_quotes_a_long_text_is_cut() {
        let detail = |text: &str| problem(StatusCode::UNPROCESSABLE_ENTITY, code::INVALID_BODY, text).detail;
        assert_eq!(detail(&"é".repeat(1_000)), "é".repeat(1_000));
        assert_eq!(detail(&"é".repeat(1_000_000)), "é".repeat(1_000) + "…");
    }

    #[tokio::test]
    async fn a_problem_names_its_code_and_hides_its_cause() {
        let error = problem(StatusCode::SERVICE_UNAVAILABLE, code::DATABASE_UNAVAILABLE, "try again")
            .retry_after(Duration::from_millis(10))
            .caused_by("password wrong");
        let response = error.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_MEDIA_TYPE);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let shown: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!((shown.title.as_str(), shown.status), ("Database unavailable", 503));
        assert!(!String::from_utf8_lossy(&body).contains("password"));
    }
}
