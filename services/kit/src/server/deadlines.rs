//! Ends bodies that never end, and the work of clients that have gone.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use process_manager_wire::code;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{ApiError, problem};

/// Time for the client to send the body of its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyWithin(pub(super) Duration);

/// A body that has not arrived in time.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request did not come in time")]
pub(crate) struct BodyTooSlow;

/// Ends a body that does not arrive in time. [`super::serve`] adds the time to each request.
pub(super) async fn limit_body(request: Request, next: Next) -> Response {
    use axum::body::HttpBody;
    let within = request.extensions().get::<BodyWithin>().copied();
    match within {
        Some(within) if !request.body().is_end_stream() => next.run(request.map(|body| limited(body, within))).await,
        _ => next.run(request).await,
    }
}

fn limited(body: Body, BodyWithin(within): BodyWithin) -> Body {
    let deadline = Instant::now() + within;
    let chunks = stream::unfold(Some(body.into_data_stream()), move |chunks| async move {
        let mut chunks = chunks?;
        match timeout_at(deadline, chunks.next()).await {
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(chunks))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(axum::Error::new(BodyTooSlow)), None)),
        }
    });
    Body::from_stream(chunks)
}

/// Returns the 408 for a body that did not arrive in time.
pub(crate) fn body_too_slow() -> ApiError {
    let detail = "the body did not come in time; nothing was done";
    problem(StatusCode::REQUEST_TIMEOUT, code::REQUEST_TIMEOUT, detail)
}

/// Tells a handler that its client has gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientGone(CancellationToken);

impl ClientGone {
    /// Returns whether the client has gone.
    pub(crate) fn is_true(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the client has gone.
    pub(crate) async fn wait(&self) {
        self.0.cancelled().await;
    }
}

/// Runs handlers that change something to completion, even if the client disconnects. Work that has not begun may check
/// [`ClientGone`].
pub(super) async fn run_to_completion(mut request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let gone = ClientGone::default();
    request.extensions_mut().insert(gone.clone());
    // Dropped with this future: that is how a departing client shows here.
    let guard = gone.0.clone().drop_guard();
    let work = async move {
        let response = next.run(request).await;
        if gone.is_true() {
            tracing::info!(status = response.status().as_u16(), "ended after its client had gone");
        }
        response
    };
    let answer = tokio::spawn(work.in_current_span()).await;
    guard.disarm();
    answer.unwrap_or_else(|error| ApiError::internal(error).into_response())
}
