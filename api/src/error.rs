//! Problems that the api answers when a program behind it is unavailable, or a voiding does not exist.

use std::{error::Error, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use contracts_client::ContractsError;
use messages::{ContractId, CustomerId, DocumentId, PROBLEM_MEDIA_TYPE, Problem, code, headers};
use process_manager_client::http::Fault;
use process_manager_host::operator::OperatorError;
use service_kit::{ApiError, Json, invalid, problem};
use voiding_client::{LookupError, VoidError};

/// Value of `Retry-After`.
const RETRY_AFTER: Duration = Duration::from_secs(2);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static(headers::IDEMPOTENCY_KEY);

/// Answers 503 `billing-unavailable`.
pub(crate) fn billing_unavailable(fault: Fault) -> ApiError {
    let detail = "Billing cannot be reached or does not answer as it should; try again";
    problem(StatusCode::SERVICE_UNAVAILABLE, code::BILLING_UNAVAILABLE, detail)
        .retry_after(RETRY_AFTER)
        .caused_by(fault)
}

/// Answers 503 `contracts-unavailable`.
pub(crate) fn contracts_unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> ApiError {
    let detail = "Contracts cannot be reached or does not answer as it should; try again";
    problem(StatusCode::SERVICE_UNAVAILABLE, code::CONTRACTS_UNAVAILABLE, detail)
        .retry_after(RETRY_AFTER)
        .caused_by(error)
}

/// Answers for a credit change that could not be read or steered.
pub(crate) fn contracts_failed(error: ContractsError) -> ApiError {
    let detail = error.to_string();
    match error {
        ContractsError::Token(cause) => invalid("cursor", "was not handed out by this list").caused_by(cause),
        ContractsError::NotRunning(_) => problem(StatusCode::CONFLICT, code::NOT_RUNNING, detail),
        ContractsError::NothingToRetry => problem(StatusCode::CONFLICT, code::NOTHING_TO_RETRY, detail),
        ContractsError::Limits(_) => problem(StatusCode::UNPROCESSABLE_ENTITY, code::INVALID_BODY, detail),
        ContractsError::Temporal(error @ OperatorError::Full(_)) => signal_rejected(&error),
        ContractsError::Temporal(error) => temporal_unavailable(error),
        error => contracts_unavailable(error),
    }
}

/// Answers for a credit rating that is not known to have been changed. Answers 503 only if it is certain that it was
/// not, else 504 `contracts-timeout` with the key to ask again.
pub(crate) fn rating_not_changed(error: ContractsError, key: &str) -> Response {
    match error {
        ContractsError::Refused(problem) => pass_on(problem),
        ContractsError::Contracts(fault) if !fault.had_no_effect() => {
            let detail =
                "Contracts has not answered in time; it may have changed the credit rating, or may still do so";
            not_known(code::CONTRACTS_TIMEOUT, detail, fault, key)
        }
        error => contracts_failed(error).into_response(),
    }
}

/// Answers 504 with the key that reveals what became of the request.
fn not_known(code: &'static str, detail: &str, cause: impl Error + Send + Sync + 'static, key: &str) -> Response {
    let detail = format!("{detail}; ask again with the Idempotency-Key of this answer");
    let problem = problem(StatusCode::GATEWAY_TIMEOUT, code, detail).retry_after(RETRY_AFTER).caused_by(cause);
    let mut response = problem.into_response();
    response.headers_mut().extend(HeaderValue::from_str(key).ok().map(|key| (IDEMPOTENCY_KEY, key)));
    response
}

/// Answers for a request to void a document that Billing has not answered: 503 `billing-unavailable` only if it is
/// certain that nothing was accepted, else 504 `billing-timeout` with the key to ask again.
pub(crate) fn not_voided(error: VoidError, key: &str) -> Response {
    match error {
        VoidError::Refused(problem) => pass_on(problem),
        error @ VoidError::Unknown(_) => not_known(code::BILLING_TIMEOUT, &error.to_string(), error, key),
        error @ VoidError::AnotherSystem(_) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, code::NOT_READY, error.to_string())
                .retry_after(RETRY_AFTER)
                .into_response()
        }
        error => {
            let detail = error.to_string();
            problem(StatusCode::SERVICE_UNAVAILABLE, code::BILLING_UNAVAILABLE, detail)
                .retry_after(RETRY_AFTER)
                .caused_by(error)
                .into_response()
        }
    }
}

/// Passes a service's refusal on. It keeps its code, and its status if that is the status of a refusal.
fn pass_on(problem: Problem) -> Response {
    let status = match problem.status {
        404 => StatusCode::NOT_FOUND,
        422 => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    };
    let problem = Problem { status: status.as_u16(), ..problem };
    let mut response = (status, Json(problem)).into_response();
    let media_type = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// Answers 503 `temporal-unavailable`.
pub(crate) fn temporal_unavailable(error: OperatorError) -> ApiError {
    let detail = if error.is_limited() {
        "Temporal has reached a limit, such as the rate of lists in its namespace; try again"
    } else {
        "Temporal cannot be reached or does not answer as it should; try again"
    };
    problem(StatusCode::SERVICE_UNAVAILABLE, code::TEMPORAL_UNAVAILABLE, detail)
        .retry_after(RETRY_AFTER)
        .caused_by(error)
}

/// Answers 409 `signal-rejected`: Temporal answers, and would reject the signal at another attempt as well.
pub(crate) fn signal_rejected(error: &OperatorError) -> ApiError {
    let detail =
        format!("the process takes no signal now: {error}; it takes one again once a worker has caught up with it");
    problem(StatusCode::CONFLICT, code::SIGNAL_REJECTED, detail)
}

/// Answers 404 `voiding-not-found`.
pub(crate) fn voiding_not_found(document_id: &DocumentId) -> ApiError {
    let detail = format!("no voiding of document {document_id} was requested");
    problem(StatusCode::NOT_FOUND, code::VOIDING_NOT_FOUND, detail)
}

/// Answers 404 `contract-confirmation-not-found`.
pub(crate) fn confirmation_not_found(contract_id: &ContractId) -> ApiError {
    let detail = format!("contract {contract_id} was never revoked, or its confirmation ended long ago");
    problem(StatusCode::NOT_FOUND, code::CONTRACT_CONFIRMATION_NOT_FOUND, detail)
}

/// Answers 404 `credit-change-not-found`.
pub(crate) fn credit_change_not_found(customer_id: &CustomerId) -> ApiError {
    let detail = format!("the credit rating of customer {customer_id} has never changed");
    problem(StatusCode::NOT_FOUND, code::CREDIT_CHANGE_NOT_FOUND, detail)
}

/// Answers 503 for the unavailable program.
pub(crate) fn lookup_failed(error: LookupError) -> ApiError {
    match error {
        LookupError::Temporal(error) => temporal_unavailable(error),
        LookupError::Billing(fault) => billing_unavailable(fault),
    }
}
