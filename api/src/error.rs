//! Problems that the api answers when a program behind it is unavailable, or a voiding does not exist.

use std::time::Duration;

use axum::http::StatusCode;
use messages::{DocumentId, code};
use process_manager_client::http::Fault;
use process_manager_host::operator::OperatorError;
use service_kit::{ApiError, problem};
use voiding_client::LookupError;

/// Value of `Retry-After`.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Answers 503 `billing-unavailable`.
pub(crate) fn billing_unavailable(fault: Fault) -> ApiError {
    let detail = "Billing cannot be reached or does not answer as it should; try again";
    problem(StatusCode::SERVICE_UNAVAILABLE, code::BILLING_UNAVAILABLE, detail)
        .retry_after(RETRY_AFTER)
        .caused_by(fault)
}

/// Answers 503 `temporal-unavailable`.
pub(crate) fn temporal_unavailable(error: OperatorError) -> ApiError {
    let detail = "Temporal cannot be reached or does not answer as it should; try again";
    problem(StatusCode::SERVICE_UNAVAILABLE, code::TEMPORAL_UNAVAILABLE, detail)
        .retry_after(RETRY_AFTER)
        .caused_by(error)
}

/// Answers 404 `voiding-not-found`.
pub(crate) fn voiding_not_found(document_id: &DocumentId) -> ApiError {
    let detail = format!("no voiding of document {document_id} was requested");
    problem(StatusCode::NOT_FOUND, code::VOIDING_NOT_FOUND, detail)
}

/// Answers 503 for the program that is unavailable.
pub(crate) fn lookup_failed(error: LookupError) -> ApiError {
    match error {
        LookupError::Temporal(error) => temporal_unavailable(error),
        LookupError::Billing(fault) => billing_unavailable(fault),
    }
}
