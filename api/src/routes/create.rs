//! `POST /voidings`: has a document voided.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use messages::{PROBLEM_MEDIA_TYPE, Problem, billing::VoidDocument, code, headers};
use process_manager::http::{CommandError, Envelope, traceparent};
use service_kit::{Json, problem, record_correlation};
use uuid::Uuid;

use crate::{
    app::App,
    error::billing_unavailable,
    prefer,
    voiding::{self, Voiding},
};

/// Name of the header that says which preference was followed (RFC 7240, section 3).
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

#[derive(Debug, thiserror::Error)]
pub(super) enum CreateError {
    #[error("header {0} must be one line of visible ASCII characters, and given once")]
    Header(&'static str),
    #[error(transparent)]
    Billing(#[from] CommandError),
}

impl IntoResponse for CreateError {
    fn into_response(self) -> Response {
        let detail = self.to_string();
        match self {
            Self::Header(_) => problem(StatusCode::BAD_REQUEST, code::INVALID_HEADER, detail).into_response(),
            Self::Billing(CommandError::Refused(problem)) => pass_on(problem),
            Self::Billing(CommandError::Fault(fault)) => billing_unavailable(fault).into_response(),
        }
    }
}

/// Billing's refusal is ours: it keeps its code, and its status where it has one of a refusal.
fn pass_on(problem: Problem) -> Response {
    let status = match problem.status {
        404 => StatusCode::NOT_FOUND,
        422 => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    };
    let problem = Problem { status: status.as_u16(), ..problem };
    let mut response = (status, Json(problem)).into_response();
    let media_type = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
    response.headers_mut().insert(axum::http::header::CONTENT_TYPE, media_type);
    response
}

/// Has a document voided.
///
/// Answers as soon as Billing has accepted it: from then on the process goes on by itself, whatever happens here. While a
/// process of the document is open, that one is answered and none is started. With `Prefer: wait=N` (at most 30) it
/// answers 200 as soon as the document is voided or the voiding has failed, and 202 after N seconds.
#[utoipa::path(
    post,
    path = "/voidings",
    tag = "voidings",
    request_body = VoidDocument,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Repeated with the same body: the same process"),
        ("x-correlation-id" = Option<String>, Header, description = "Passed on to Billing"),
        ("traceparent" = Option<String>, Header, description = "W3C Trace Context, passed on to Billing"),
        ("prefer" = Option<String>, Header, description = "`wait=N`: wait for the outcome, N seconds at most"),
    ),
    responses(
        (status = 200, description = "The outcome that was waited for", body = Voiding,
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
        (status = 503, description = "`billing-unavailable`: nothing was started", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
pub(super) async fn create_voiding(
    State(app): State<App>,
    headers: HeaderMap,
    Json(command): Json<VoidDocument>,
) -> Result<Response, CreateError> {
    let given_key = header(&headers, headers::IDEMPOTENCY_KEY)?;
    let may_be_replay = given_key.is_some();
    let key = given_key.unwrap_or_else(|| Uuid::now_v7().to_string());
    let envelope = Envelope {
        correlation_id: header(&headers, headers::CORRELATION_ID)?,
        traceparent: header(&headers, headers::TRACEPARENT)?.or_else(|| Some(traceparent(&key))),
        idempotency_key: Some(key),
    };
    let accepted = app.billing.void_document(command.document_id, &envelope).await?;
    record_correlation(accepted.process_id.as_str());

    let begun = app.begin(&accepted, may_be_replay).await;
    let Some(wait) = prefer::wait(&headers) else { return Ok(answer(StatusCode::ACCEPTED, begun, None)) };
    let voiding = app.settled(begun, &accepted, wait).await;
    let status = if voiding.is_settled(&accepted.process_id) { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(answer(status, voiding, Some(wait.as_secs())))
}

/// The header's text, where it is given; an empty one counts as absent.
fn header(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, CreateError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(CreateError::Header(name)),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| CreateError::Header(name))?;
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
    }
}

fn answer(status: StatusCode, voiding: Voiding, waited: Option<u64>) -> Response {
    let location = voiding::path(&voiding.view.document_id);
    let applied = waited.map(|seconds| [(PREFERENCE_APPLIED, format!("wait={seconds}"))]);
    match applied {
        Some(applied) => (status, [(LOCATION, location)], applied, Json(voiding)).into_response(),
        None => (status, [(LOCATION, location)], Json(voiding)).into_response(),
    }
}
