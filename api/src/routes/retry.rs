//! `POST /voidings/{document_id}/retry`: an operator retries a refused command.

use axum::{extract::State, http::StatusCode};
use messages::{DocumentId, Problem, code};
use process_manager_host::operator::OperatorError;
use service_kit::{ApiError, Json, PathId, problem};
use voiding_client::{LookupError, Run, SignalError};

use crate::{
    app::App,
    error::{lookup_failed, signal_rejected, temporal_unavailable, voiding_not_found},
    voiding::Voiding,
};

#[derive(Debug, thiserror::Error)]
pub(super) enum RetryError {
    #[error("no voiding of document {0} was requested")]
    NotFound(DocumentId),
    #[error("no command of this voiding waits for a retry")]
    NothingToRetry,
    #[error(transparent)]
    Lookup(#[from] LookupError),
    #[error("Temporal rejects the signal")]
    Rejected(#[source] OperatorError),
    #[error(transparent)]
    Temporal(#[from] OperatorError),
}

impl From<RetryError> for ApiError {
    fn from(error: RetryError) -> Self {
        let detail = error.to_string();
        match error {
            RetryError::NotFound(document_id) => voiding_not_found(&document_id),
            RetryError::NothingToRetry => problem(StatusCode::CONFLICT, code::NOTHING_TO_RETRY, detail),
            RetryError::Lookup(error) => lookup_failed(error),
            RetryError::Rejected(error) => signal_rejected(&error),
            RetryError::Temporal(error) => temporal_unavailable(error),
        }
    }
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
pub(super) async fn retry_command(
    State(app): State<App>,
    PathId(document_id): PathId<DocumentId>,
) -> Result<(StatusCode, Json<Voiding>), ApiError> {
    let run = retry(&app, document_id).await?;
    Ok((StatusCode::ACCEPTED, Json(app.answer(run))))
}

async fn retry(app: &App, document_id: DocumentId) -> Result<Run, RetryError> {
    // Without an id the signal counts for the current refusal, if there is one.
    match app.voidings.retry(&document_id, None).await {
        Ok(run) => Ok(run),
        Err(SignalError::Rejected(error)) => Err(RetryError::Rejected(error)),
        Err(SignalError::Temporal(error)) => Err(error.into()),
        Err(SignalError::NoSuchFailure | SignalError::TooLong) => Err(RetryError::NothingToRetry),
        Err(SignalError::NoRun) => {
            let voiding = app.voidings.latest(&document_id).await?;
            Err(voiding.map_or(RetryError::NotFound(document_id), |_| RetryError::NothingToRetry))
        }
    }
}
