//! `POST /contract-confirmations/{contract_id}/extend`, `/remind`, `/terminate`: instructions of an operator.

use axum::{extract::State, http::StatusCode};
use messages::{ContractId, Problem, code, confirmation::ExtendDeadline};
use process_manager_host::operator::OperatorError;
use serde_json::{Value, json};
use service_kit::{ApiError, Json, PathId, problem};
use utoipa::IntoResponses;

use super::read;
use crate::{
    app::App,
    confirmation::ContractConfirmation,
    error::{confirmation_not_found, signal_rejected, temporal_unavailable},
};

type Instructed = Result<(StatusCode, Json<ContractConfirmation>), ApiError>;

/// The problems of an instruction.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only describes them")]
enum Problems {
    /// `invalid-id`; of a body also `unreadable-body`
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// `contract-confirmation-not-found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// `not-running`, `signal-rejected`
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(Problem),
    /// `body-too-large`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// `unsupported-media-type`
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// `invalid-body`
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// `temporal-unavailable`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Moves the deadline: from where it is, or from now if it has passed.
///
/// The answer shows the confirmation before that.
#[utoipa::path(
    post,
    path = "/contract-confirmations/{contract_id}/extend",
    tag = "contract-confirmations",
    params(("contract_id" = ContractId, Path, description = "The contract")),
    request_body = ExtendDeadline,
    responses(
        (status = 202, description = "The deadline moves", body = ContractConfirmation),
        Problems,
    )
)]
pub(in crate::routes) async fn extend_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
    Json(extension): Json<ExtendDeadline>,
) -> Instructed {
    instruct(&app, &contract_id, "ExtendDeadline", &json!(extension)).await
}

/// Reminds the customer now. The reminders that are due later stay as they are.
///
/// The answer shows the confirmation before that.
#[utoipa::path(
    post,
    path = "/contract-confirmations/{contract_id}/remind",
    tag = "contract-confirmations",
    params(("contract_id" = ContractId, Path, description = "The contract")),
    responses(
        (status = 202, description = "The customer is reminded", body = ContractConfirmation),
        Problems,
    )
)]
pub(in crate::routes) async fn remind_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
) -> Instructed {
    instruct(&app, &contract_id, "RemindNow", &Value::Null).await
}

/// Terminates the contract, and so ends its confirmation. It cannot be taken back.
///
/// The answer shows the confirmation before that.
#[utoipa::path(
    post,
    path = "/contract-confirmations/{contract_id}/terminate",
    tag = "contract-confirmations",
    params(("contract_id" = ContractId, Path, description = "The contract")),
    responses(
        (status = 202, description = "The contract is being terminated", body = ContractConfirmation),
        Problems,
    )
)]
pub(in crate::routes) async fn terminate_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
) -> Instructed {
    instruct(&app, &contract_id, "Terminate", &Value::Null).await
}

async fn instruct(app: &App, id: &ContractId, kind: &str, data: &Value) -> Instructed {
    let before = read(app, id).await.map_err(temporal_unavailable)?.ok_or_else(|| confirmation_not_found(id))?;
    match app.confirmations.instruct(id.as_str(), kind, data).await {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(before))),
        Err(OperatorError::NotFound(_)) => Err(confirmation_not_found(id)),
        Err(OperatorError::NotRunning(_)) => {
            let detail = format!("the confirmation of contract {id} has ended");
            Err(problem(StatusCode::CONFLICT, code::NOT_RUNNING, detail))
        }
        Err(error @ OperatorError::Full(_)) => Err(signal_rejected(&error)),
        Err(error) => Err(temporal_unavailable(error)),
    }
}
