//! Wraps every request: a span with its correlation id, a log line, metrics, and a problem if the framework refuses.

use std::{
    any::Any,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use process_manager_wire::{PROBLEM_MEDIA_TYPE, code, headers::CORRELATION_ID, panic_message};
use tracing::{Instrument, field};

use crate::{ApiError, headers::is_valid, metrics, problem};

/// The status in metrics of a request whose client did not wait for the answer.
const GIVEN_UP: &str = "499";

pub(crate) async fn observe(State(service): State<&'static str>, request: Request, next: Next) -> Response {
    let method = method_name(request.method());
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", %service, correlation_id = field::Empty);
    let id = request.headers().get(CORRELATION_ID).and_then(|id| id.to_str().ok());
    if let Some(id) = id.filter(|id| is_valid(id)) {
        span.record("correlation_id", field::display(id));
    }
    let observed = Observed { service, method, path, route, started: Instant::now(), is_answered: false };
    async move {
        let mut observed = observed;
        let response = next.run(request).await;
        observed.answered(response.status());
        response
    }
    .instrument(span)
    .await
}

/// A request in progress. Dropped before its answer is there, it counts as given up by its client.
struct Observed {
    service: &'static str,
    method: &'static str,
    path: String,
    route: String,
    started: Instant,
    is_answered: bool,
}

impl Observed {
    fn answered(&mut self, status: StatusCode) {
        self.is_answered = true;
        self.record(status.as_str());
        let (ms, Self { method, path, .. }) = (self.ms(), &*self);
        // The answer reports the health; a line for each probe would hide the others.
        let is_health = matches!(self.route.as_str(), "/livez" | "/readyz" | "/metrics");
        if is_health || status.is_success() && self.route == "/events" {
            tracing::debug!(status = status.as_u16(), ms, "{method} {path}");
        } else {
            tracing::info!(status = status.as_u16(), ms, "{method} {path}");
        }
    }

    fn record(&self, status: &str) {
        metrics::record_request(self.service, self.method, &self.route, status, self.started.elapsed());
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        self.record(GIVEN_UP);
        let (ms, Self { method, path, .. }) = (self.ms(), &*self);
        if self.route == "/events" {
            tracing::debug!(ms, "{method} {path}: the client has gone");
        } else {
            tracing::info!(ms, "{method} {path}: the client has gone");
        }
    }
}

/// Counts a connection beyond the limit that received a refusal.
pub(crate) fn turned_away(service: &'static str) {
    metrics::record_request(service, "-", "-", StatusCode::SERVICE_UNAVAILABLE.as_str(), Duration::ZERO);
}

/// Counts a connection beyond the limit that was closed without a word.
pub(crate) fn closed_unserved(service: &'static str) {
    metrics::record_closed_unserved(service);
}

/// Gives the framework's own error answers a problem as body.
pub(crate) async fn problems(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    let status = response.status();
    if status.as_u16() < 400 || is_ours(response.headers()) {
        return response;
    }
    let mut answer = for_status(status, &method).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}

/// Returns whether the body is a problem, or a page that says the same.
fn is_ours(headers: &HeaderMap) -> bool {
    let ours = [PROBLEM_MEDIA_TYPE, "text/html; charset=utf-8"];
    headers.get(header::CONTENT_TYPE).is_some_and(|value| ours.iter().any(|ours| value == ours))
}

fn for_status(status: StatusCode, method: &Method) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => problem(status, code::NOT_FOUND, "there is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => {
            problem(status, code::METHOD_NOT_ALLOWED, format!("{method} is not allowed on this route"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => problem(status, code::BODY_TOO_LARGE, "the body must not exceed 1 MiB"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            problem(status, code::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
        }
        status if status.is_client_error() => problem(status, code::INVALID_PARAMETER, "the request cannot be read"),
        status => ApiError::internal(format!("answered with {status} and no problem")),
    }
}

pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    ApiError::internal(format!("a request's handler panicked: {}", panic_message(panic.as_ref()))).into_response()
}

/// Returns the method's label. Method names come from outside, so an unusual one must not become a metric.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
