//! `POST /contract-confirmations/{contract_id}/extend`, `/remind`, `/terminate`: an operator's instructions.

use axum::{extract::State, http::StatusCode};
use contracts_client::ContractConfirmation;
use messages::{ContractId, code, confirmation::ExtendDeadline};
use process_manager_host::operator::OperatorError;
use serde_json::{Value, json};
use service_kit::{ApiError, Json, PathId, problem};

use super::read;
use crate::{
    app::App,
    error::{confirmation_not_found, signal_rejected, temporal_unavailable},
    routes::problems::InstructionProblems,
};

type Instructed = Result<(StatusCode, Json<ContractConfirmation>), ApiError>;

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
        InstructionProblems,
    )
)]
pub(in crate::routes) async fn extend_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
    Json(extension): Json<ExtendDeadline>,
) -> Instructed {
    instruct(&app, &contract_id, "ExtendDeadline", &json!(extension)).await
}

/// Reminds the customer now. Later reminders stay as they are.
///
/// The answer shows the confirmation before that.
#[utoipa::path(
    post,
    path = "/contract-confirmations/{contract_id}/remind",
    tag = "contract-confirmations",
    params(("contract_id" = ContractId, Path, description = "The contract")),
    responses(
        (status = 202, description = "The customer is reminded", body = ContractConfirmation),
        InstructionProblems,
    )
)]
pub(in crate::routes) async fn remind_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
) -> Instructed {
    instruct(&app, &contract_id, "RemindNow", &Value::Null).await
}

/// Terminates the contract, which ends its confirmation. This cannot be undone.
///
/// The answer shows the confirmation before that.
#[utoipa::path(
    post,
    path = "/contract-confirmations/{contract_id}/terminate",
    tag = "contract-confirmations",
    params(("contract_id" = ContractId, Path, description = "The contract")),
    responses(
        (status = 202, description = "The contract is being terminated", body = ContractConfirmation),
        InstructionProblems,
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
    match app.contracts.confirmations().instruct(id.as_str(), kind, data).await {
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
