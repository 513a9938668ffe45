//! `GET /contracts` and `GET /contracts/{contract_id}`: reads contracts.

use axum::extract::State;
use messages::{ContractId, CreditChangeId, CustomerId, Page, Position, contracts::Contract};
use service_kit::{ApiError, Database, Json, PageParams, Params, PathId};

use crate::{
    domain::Refusal,
    store::{self, Filter},
};

/// The contracts, newest first.
#[utoipa::path(
    get,
    path = "/contracts",
    tag = "contracts",
    params(
        ("customer_id" = Option<CustomerId>, Query, description = "Only those of this customer"),
        ("status" = Option<String>, Query, description = "Only those that are `active`, `pending`, `signed` or `terminated`"),
        ("credit_change_id" = Option<CreditChangeId>, Query, description = "Only those that this change of the credit rating was the last to revoke"),
        ("opened_up_to" = Option<Position>, Query, minimum = 0, description = "Only those that were opened up to this position of the log"),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page", body = Page<Contract>),
        (status = 400, description = "invalid-parameter"),
    )
)]
pub(super) async fn list_contracts(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Contract>>, ApiError> {
    let opened_up_to = match params.text("opened_up_to")? {
        Some(_) => Some(params.integer("opened_up_to", 0..=i64::MAX, 0)?),
        None => None,
    };
    let filter = Filter {
        customer_id: params.value("customer_id")?,
        status: params.name_of("status")?,
        credit_change_id: params.value("credit_change_id")?,
        opened_up_to,
    };
    Ok(Json(store::contracts(&database, filter, params.page("contracts")?).await?))
}

/// A contract.
#[utoipa::path(
    get,
    path = "/contracts/{contract_id}",
    tag = "contracts",
    params(("contract_id" = ContractId, Path)),
    responses(
        (status = 200, description = "The contract", body = Contract),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "contract-not-found"),
    )
)]
pub(super) async fn get_contract(
    State(database): State<Database>,
    PathId(id): PathId<ContractId>,
) -> Result<Json<Contract>, ApiError> {
    Ok(Json(store::find_contract(&database, &id).await?.ok_or(Refusal::ContractNotFound)?))
}
