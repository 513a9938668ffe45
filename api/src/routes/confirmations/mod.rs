//! The routes of confirmations of contracts.

mod instruct;
mod list;

use axum::extract::State;
use contracts_client::ContractConfirmation;
use messages::ContractId;
use process_manager_host::operator::{Instance, OperatorError, Timeline};
use service_kit::{ApiError, Json, PathId};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::ReadProblems;
use crate::{
    app::App,
    error::{confirmation_not_found, temporal_unavailable},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list::list_contract_confirmations))
        .routes(routes!(get_contract_confirmation))
        .routes(routes!(instruct::extend_contract_confirmation))
        .routes(routes!(instruct::remind_contract_confirmation))
        .routes(routes!(instruct::terminate_contract_confirmation))
}

/// Shows the latest confirmation of a contract.
///
/// Without a worker, and once it has ended, the fields that only its process knows are absent.
#[utoipa::path(
    get,
    path = "/contract-confirmations/{contract_id}",
    tag = "contract-confirmations",
    params(("contract_id" = ContractId, Path, description = "The contract")),
    responses(
        (status = 200, description = "The latest confirmation", body = ContractConfirmation),
        ReadProblems,
    )
)]
async fn get_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
) -> Result<Json<ContractConfirmation>, ApiError> {
    let confirmation = read(&app, &contract_id).await.map_err(temporal_unavailable)?;
    confirmation.map(Json).ok_or_else(|| confirmation_not_found(&contract_id))
}

/// Reads a confirmation with its steps. Returns `None` if there never was one.
async fn read(app: &App, id: &ContractId) -> Result<Option<ContractConfirmation>, OperatorError> {
    let Some(instance) = app.contracts.confirmations().read(id.as_str()).await? else { return Ok(None) };
    let timeline = app.contracts.confirmations().timeline(id.as_str()).await?;
    Ok(present(app, &instance, Some(timeline)))
}

/// Presents a confirmation with its links. It has targets for instructions (POST) while it runs.
fn present(app: &App, instance: &Instance, timeline: Option<Timeline>) -> Option<ContractConfirmation> {
    let mut confirmation = ContractConfirmation::read(instance, timeline)?;
    let instructions: &[_] = if instance.status.is_running() { &["extend", "remind", "terminate"] } else { &[] };
    let this = format!("/contract-confirmations/{}", confirmation.contract_id);
    let workflow_id = app.contracts.confirmations().workflow_id(&instance.process_id);
    confirmation.links = app.links(&this, instructions, Some((&workflow_id, &instance.run_id)));
    Some(confirmation)
}
