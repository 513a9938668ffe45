//! `POST /voidings/{document_id}/acknowledgement`: an operator acknowledges a failure.

use axum::{extract::State, http::StatusCode};
use messages::{DocumentId, Problem, code};
use process_manager::instance::Acknowledge as Signal;
use process_manager_host::operator::OperatorError;
use serde::Deserialize;
use service_kit::{ApiError, Json, OptionalJson, PathId, problem};
use utoipa::ToSchema;
use voiding_client::{LookupError, Run, SignalError};

use crate::{
    app::App,
    error::{lookup_failed, signal_rejected, temporal_unavailable, voiding_not_found},
    voiding::Voiding,
};

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

#[derive(Debug, thiserror::Error)]
pub(super) enum AcknowledgeError {
    #[error("acknowledged_by may have {} characters, note {}", Signal::LONGEST_NAME, Signal::LONGEST_NOTE)]
    TooLong,
    #[error("no voiding of document {0} was requested")]
    NotFound(DocumentId),
    #[error("the voiding has no failure that could be acknowledged now")]
    NoFailure,
    #[error(transparent)]
    Lookup(#[from] LookupError),
    #[error("Temporal rejects the signal")]
    Rejected(#[source] OperatorError),
    #[error(transparent)]
    Temporal(#[from] OperatorError),
}

impl From<AcknowledgeError> for ApiError {
    fn from(error: AcknowledgeError) -> Self {
        let detail = error.to_string();
        match error {
            AcknowledgeError::TooLong => problem(StatusCode::UNPROCESSABLE_ENTITY, code::INVALID_BODY, detail),
            AcknowledgeError::NotFound(document_id) => voiding_not_found(&document_id),
            AcknowledgeError::NoFailure => problem(StatusCode::CONFLICT, code::NO_FAILURE_TO_ACKNOWLEDGE, detail),
            AcknowledgeError::Lookup(error) => lookup_failed(error),
            AcknowledgeError::Rejected(error) => signal_rejected(&error),
            AcknowledgeError::Temporal(error) => temporal_unavailable(error),
        }
    }
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
    OptionalJson(body): OptionalJson<Acknowledge>,
) -> Result<(StatusCode, Json<Voiding>), ApiError> {
    let run = acknowledge(&app, document_id.clone(), body).await?;
    let acknowledgement = app.voidings.counted(&document_id, &run).await;
    let mut voiding = app.answer(run);
    voiding.view.acknowledgement = acknowledgement;
    Ok((StatusCode::ACCEPTED, Json(voiding)))
}

async fn acknowledge(app: &App, document_id: DocumentId, body: Acknowledge) -> Result<Run, AcknowledgeError> {
    let Acknowledge { acknowledged_by, note } = body;
    // Without an id the signal counts for the current failure, if there is one.
    let signal = Signal { acknowledged_by, note, failure_id: None };
    match app.voidings.acknowledge(&document_id, signal).await {
        Ok(run) => Ok(run),
        Err(SignalError::TooLong) => Err(AcknowledgeError::TooLong),
        Err(SignalError::NoSuchFailure) => Err(AcknowledgeError::NoFailure),
        Err(SignalError::Rejected(error)) => Err(AcknowledgeError::Rejected(error)),
        Err(SignalError::Temporal(error)) => Err(error.into()),
        Err(SignalError::NoRun) => {
            let voiding = app.voidings.latest(&document_id).await?;
            Err(voiding.map_or(AcknowledgeError::NotFound(document_id), |_| AcknowledgeError::NoFailure))
        }
    }
}
