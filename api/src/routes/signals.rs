//! `POST /voidings/{document_id}/acknowledgement` and `/retry`: an operator's decision about a failure.

use axum::{extract::State, http::StatusCode};
use messages::{DocumentId, Problem, code};
use process_manager::instance::Acknowledge as Signal;
use serde::Deserialize;
use service_kit::{ApiError, Json, OptionalJson, PathId, problem};
use utoipa::ToSchema;
use voiding_client::SignalError;

use crate::{
    app::App,
    error::{lookup_failed, signal_rejected, temporal_unavailable, voiding_not_found},
    voiding::Voiding,
};

type Signalled = Result<(StatusCode, Json<Voiding>), ApiError>;

/// An acknowledgement. All fields are optional, and so is the body.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Acknowledge {
    /// Name of the operator.
    #[serde(default)]
    #[schema(max_length = 200)]
    acknowledged_by: Option<String>,
    /// The reason, or the action taken.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Acknowledges a failure.
///
/// Either the marking was refused, or the completion was (which is then compensated). The process ends as
/// `failure-acknowledged`, and the document can be voided again. The answer shows the process before that, and in
/// `acknowledgement` the one that counts: of several at once that is the first, which may be somebody else's. Without a
/// worker that tells within 1 s there is none.
#[utoipa::path(
    post,
    path = "/voidings/{document_id}/acknowledgement",
    tag = "voidings",
    params(("document_id" = DocumentId, Path, description = "The document")),
    request_body = Option<Acknowledge>,
    responses(
        (status = 202, description = "Acknowledged; `acknowledgement` is the one that counts", body = Voiding),
        (status = 400, description = "`invalid-id`, `unreadable-body`", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`voiding-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no-failure-to-acknowledge`, `signal-rejected`", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`invalid-body`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, `temporal-unavailable`, `billing-unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
pub(super) async fn acknowledge_failure(
    State(app): State<App>,
    PathId(document_id): PathId<DocumentId>,
    OptionalJson(Acknowledge { acknowledged_by, note }): OptionalJson<Acknowledge>,
) -> Signalled {
    // Without an id the signal applies to the current failure, if there is one.
    let signal = Signal { acknowledged_by, note, failure_id: None };
    let nothing = (code::NO_FAILURE_TO_ACKNOWLEDGE, "the voiding has no failure that could be acknowledged now");
    let run = match app.voidings.acknowledge(&document_id, signal).await {
        Ok(run) => run,
        Err(error) => return Err(refused(&app, &document_id, error, nothing).await),
    };
    let acknowledgement = app.voidings.counted(&document_id, &run).await;
    let mut voiding = app.answer(run);
    voiding.view.acknowledgement = acknowledgement;
    Ok((StatusCode::ACCEPTED, Json(voiding)))
}

/// Retries a refused command, such as the completion.
///
/// The answer shows the process before the retry.
#[utoipa::path(
    post,
    path = "/voidings/{document_id}/retry",
    tag = "voidings",
    params(("document_id" = DocumentId, Path, description = "The document")),
    responses(
        (status = 202, description = "The command is retried", body = Voiding),
        (status = 400, description = "`invalid-id`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`voiding-not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-to-retry`, `signal-rejected`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, `temporal-unavailable`, `billing-unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
pub(super) async fn retry_command(State(app): State<App>, PathId(document_id): PathId<DocumentId>) -> Signalled {
    let nothing = (code::NOTHING_TO_RETRY, "no command of this voiding waits for a retry");
    // Without an id the signal applies to the current refusal, if there is one.
    match app.voidings.retry(&document_id, None).await {
        Ok(run) => Ok((StatusCode::ACCEPTED, Json(app.answer(run)))),
        Err(error) => Err(refused(&app, &document_id, error, nothing).await),
    }
}

/// Answers for a signal that was not sent. `nothing` is the problem if there is nothing that it could apply to.
async fn refused(
    app: &App,
    document_id: &DocumentId,
    error: SignalError,
    (code, detail): (&'static str, &str),
) -> ApiError {
    match error {
        SignalError::TooLong => problem(StatusCode::UNPROCESSABLE_ENTITY, code::INVALID_BODY, error.to_string()),
        SignalError::NoSuchFailure => problem(StatusCode::CONFLICT, code, detail),
        SignalError::Rejected(error) => signal_rejected(&error),
        SignalError::Temporal(error) => temporal_unavailable(error),
        SignalError::NoRun => match app.voidings.latest(document_id).await {
            Ok(Some(_)) => problem(StatusCode::CONFLICT, code, detail),
            Ok(None) => voiding_not_found(document_id),
            Err(error) => lookup_failed(error),
        },
    }
}
