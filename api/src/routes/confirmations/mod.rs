//! The routes of confirmations of contracts.

mod instruct;
mod list;

use axum::extract::State;
use messages::{ContractId, Problem};
use process_manager_host::operator::{Instance, OperatorError};
use service_kit::{ApiError, Json, PathId};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    confirmation::ContractConfirmation,
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
        (status = 400, description = "`invalid-id`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`contract-confirmation-not-found`", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`temporal-unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("retry-after" = u64, description = "In seconds"))),
    )
)]
async fn get_contract_confirmation(
    State(app): State<App>,
    PathId(contract_id): PathId<ContractId>,
) -> Result<Json<ContractConfirmation>, ApiError> {
    let confirmation = read(&app, &contract_id).await.map_err(temporal_unavailable)?;
    confirmation.map(Json).ok_or_else(|| confirmation_not_found(&contract_id))
}

/// Reads one with its steps; `None` where there never was one.
async fn read(app: &App, id: &ContractId) -> Result<Option<ContractConfirmation>, OperatorError> {
    let Some(instance) = app.confirmations.read(id.as_str()).await? else { return Ok(None) };
    let timeline = app.confirmations.timeline(id.as_str()).await?;
    Ok(app.presenter.confirmation(&instance, Some(timeline), &app.voidings.namespace()))
}

/// Presents one without its steps.
fn listed(app: &App, instance: &Instance) -> Option<ContractConfirmation> {
    app.presenter.confirmation(instance, None, &app.voidings.namespace())
}
