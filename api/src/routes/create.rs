//! `POST /voidings`: voids a document.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use messages::{Problem, billing::VoidDocument, headers};
use process_manager_client::http::{Envelope, traceparent};
use service_kit::{CommandHeaders, Json, new_id};
use tokio::time::Instant;

use crate::{
    app::App,
    error::not_voided,
    prefer,
    voiding::{self, Voiding},
};

/// Header that names the applied preference (RFC 7240, section 3).
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Voids a document.
///
/// Answers once Billing has accepted the request; from then on the process runs independently of the api. If the
/// document has an open process, the answer shows it, and none is started. At most 100 requests wait for Billing at a
/// time; another one is answered 503 after 2 s. With `Prefer: wait=N` (at most 30) the
/// answer is 200 once the document is voided or the voiding has failed, and 202 after N seconds.
#[utoipa::path(
    post,
    path = "/voidings",
    tag = "voidings",
    request_body = VoidDocument,
    params(
        ("idempotency-key" = Option<String>, Header, description = "The same key and body return the same process"),
        ("x-correlation-id" = Option<String>, Header, description = "Passed on to Billing"),
        ("traceparent" = Option<String>, Header, description = "W3C Trace Context, passed on to Billing"),
        ("prefer" = Option<String>, Header, description = "`wait=N`: wait at most N seconds for the outcome"),
    ),
    responses(
        (status = 200, description = "The outcome, if the process reached it within the wait", body = Voiding,
            headers(("location" = String, description = "The voiding"), ("preference-applied" = String))),
        (status = 202, description = "Accepted", body = Voiding,
            headers(("location" = String, description = "The voiding"), ("preference-applied" = String))),
        (status = 400, description = "`unreadable-body`, `invalid-header`", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`document-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`document-already-voided`", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`invalid-body`, `idempotency-key-reused`", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, `billing-unavailable`, or `not-ready` where the namespace is another system's: the \
            request has certainly not been accepted; try again", body = Problem, content_type = "application/problem+json",
            headers(("retry-after" = u64, description = "In seconds"))),
        (status = 504, description = "`billing-timeout`: Billing may have accepted the request, or may still do so; \
            ask again with the same `Idempotency-Key`", body = Problem, content_type = "application/problem+json",
            headers(("retry-after" = u64, description = "In seconds"),
                ("idempotency-key" = String, description = "The request's key, or the key that the api generated"))),
    )
)]
pub(super) async fn create_voiding(
    State(app): State<App>,
    command_headers: CommandHeaders,
    headers: HeaderMap,
    Json(command): Json<VoidDocument>,
) -> Response {
    let arrived = Instant::now();
    let may_be_replay = command_headers.idempotency_key.is_some();
    let trace = headers.get(headers::TRACEPARENT).and_then(|trace| trace.to_str().ok()).map(str::to_owned);
    // Not the causation id: several requests may name the same cause.
    let key = command_headers.idempotency_key.clone().unwrap_or_else(new_id);
    let envelope = Envelope {
        traceparent: trace.or_else(|| Some(traceparent(&key))),
        correlation_id: command_headers.correlation_id.clone(),
        idempotency_key: Some(key.clone()),
        ..Envelope::default()
    };
    let accepted = match app.voidings.void(command.document_id, &envelope).await {
        Ok(accepted) => accepted,
        Err(error) => return not_voided(error, &key),
    };
    command_headers.correlate(accepted.process_id.as_str());

    let begun = app.voidings.begin(&accepted, may_be_replay).await;
    let Some(wait) = prefer::wait(&headers) else { return answer(StatusCode::ACCEPTED, app.present(begun), None) };
    let process = app.voidings.settled(begun, &accepted, arrived + wait, &app.shutdown).await;
    let status = if process.is_settled(&accepted.process_id) { StatusCode::OK } else { StatusCode::ACCEPTED };
    answer(status, app.present(process), Some(wait.as_secs()))
}

fn answer(status: StatusCode, voiding: Voiding, waited: Option<u64>) -> Response {
    let location = voiding::path(&voiding.view.document_id);
    let applied = waited.map(|seconds| [(PREFERENCE_APPLIED, format!("wait={seconds}"))]);
    match applied {
        Some(applied) => (status, [(LOCATION, location)], applied, Json(voiding)).into_response(),
        None => (status, [(LOCATION, location)], Json(voiding)).into_response(),
    }
}
