//! The HTTP server of a program: health, metrics, limits, problems, and a shutdown that is bounded in time.

mod bind;
mod connections;
mod deadlines;
mod descriptors;
mod hosts;

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{FutureExt, future::BoxFuture};
use process_manager_wire::code;
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use self::deadlines::{BodyTooSlow, ClientGone, body_too_slow};
pub use self::{
    bind::{BindError, Bound, bind},
    connections::serve,
};
use crate::{ApiError, metrics, problem, telemetry};

/// Largest body in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// Time limit of a readiness check.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// Checks whether the program can do its work now. `Err` gives the reason if it cannot.
pub type ReadyCheck = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Makes a [`ReadyCheck`] from a function.
pub fn ready_check<F, R>(check: F) -> ReadyCheck
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    Arc::new(move || check().boxed())
}

/// Adds to a program's routes what each program has: `/livez`, `/readyz`, `/metrics`, a limit on bodies, a log line and
/// metrics for each request, and a problem for each answer from 400 on. Refuses requests for other hosts, and commands
/// from other sites' pages.
pub fn app(service: &'static str, routes: Router, ready: ReadyCheck) -> Router {
    // Ensures that the first request is counted as well.
    metrics::handle();
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(move || readyz(ready)))
        .route("/metrics", get(metrics_page))
        .merge(routes)
        .fallback(|| async { problem(StatusCode::NOT_FOUND, code::NOT_FOUND, "there is no such route") })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(telemetry::panicked))
        .layer(from_fn(deadlines::run_to_completion))
        .layer(from_fn(deadlines::limit_body))
        .layer(from_fn(hosts::check))
        .layer(from_fn(telemetry::problems))
        .layer(from_fn_with_state(service, telemetry::observe))
}

async fn readyz(ready: ReadyCheck) -> Response {
    let why = match tokio::time::timeout(READY_WITHIN, ready()).await {
        Ok(Ok(())) => return "ok".into_response(),
        Ok(Err(why)) => why,
        Err(_) => "the check of readiness took too long".to_owned(),
    };
    let error: ApiError = problem(StatusCode::SERVICE_UNAVAILABLE, code::NOT_READY, why);
    error.retry_after(Duration::from_secs(1)).into_response()
}

async fn metrics_page() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics::handle().render()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, header::ALLOW},
        routing::post,
    };
    use process_manager_wire::Problem;
    use tokio_util::sync::CancellationToken;
    use tower::ServiceExt;

    use super::*;
    use crate::{Json, PathId};

    async fn ask(request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
        let routes = Router::new()
            .route("/things/{id}", get(|PathId(id): PathId<messages::DocumentId>| async move { id.to_string() }))
            .route("/things", post(|Json(body): Json<serde_json::Value>| async move { Json(body) }))
            .route(
                "/panic",
                get(|| async {
                    if true {
                        panic!("oh")
                    }
                }),
            )
            .route("/bare", get(|| async { StatusCode::IM_A_TEAPOT }));
        let ready = ready_check(|| async { Err("the database is unavailable".to_owned()) });
        let response = app("test", routes, ready).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, body.to_vec())
    }

    #[tokio::test]
    async fn every_answer_from_400_on_is_a_problem() {
        for (method, path, expected) in [
            ("GET", "/nowhere", (404, "not-found")),
            ("DELETE", "/things", (405, "method-not-allowed")),
            ("BREW", "/things/a", (405, "method-not-allowed")),
            ("GET", "/things/%ff", (400, "invalid-id")),
            ("GET", "/things/a%2Fb", (400, "invalid-id")),
            ("POST", "/things", (415, "unsupported-media-type")),
            ("GET", "/panic", (500, "internal")),
            ("GET", "/bare", (418, "invalid-parameter")),
            ("GET", "/readyz", (503, "not-ready")),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let (status, headers, body) = ask(request).await;
            assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
            let problem: Problem = serde_json::from_slice(&body).unwrap();
            assert_eq!((status.as_u16(), problem.code.as_str()), expected, "{method} {path}");
            assert_eq!(status.as_u16(), problem.status);
            assert_eq!(headers.contains_key(ALLOW), status == 405, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn a_body_over_one_mebibyte_is_too_large() {
        let request = |size| {
            let body = format!("{{\"a\":\"{}\"}}", "x".repeat(size - 8));
            Request::post("/things").header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
        };
        assert_eq!(ask(request(MAX_BODY)).await.0, 200);
        assert_eq!(ask(request(MAX_BODY + 1)).await.0, 413);
    }

    #[tokio::test]
    async fn metrics_count_requests_by_service_and_route() {
        ask(Request::get("/things/x").body(Body::empty()).unwrap()).await;
        let (_, _, page) = ask(Request::get("/metrics").body(Body::empty()).unwrap()).await;
        let page = String::from_utf8(page).unwrap();
        let line = r#"http_requests_total{service="test",method="GET",route="/things/{id}",status="200"}"#;
        assert!(page.contains(line), "{page}");
        assert!(page.contains("http_request_duration_seconds_bucket"), "{page}");
    }

    #[tokio::test]
    async fn serving_ends_when_told_to() {
        let listener = bind("test", "127.0.0.1:0", "TEST_ADDR").await.unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve("test", listener, Router::new(), shutdown.clone()));
        shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap().unwrap();
    }
}
