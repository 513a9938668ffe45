//! `GET /transfers` and `GET /transfers/{transfer_id}`: reads money transfers.

use axum::extract::State;
use messages::{AccountId, Page, TransferId, accounts::Transfer};
use service_kit::{ApiError, Database, Json, PageParams, Params, PathId};

use crate::{
    domain::Refusal,
    store::{self, Filter},
};

/// The money transfers, newest first.
#[utoipa::path(
    get,
    path = "/transfers",
    tag = "transfers",
    params(
        ("status" = Option<String>, Query, pattern = "^(requested|withdrawn|completed|returned|failed)$", description = "Only those of this status"),
        ("account_id" = Option<AccountId>, Query, description = "Only those from or to this account"),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page", body = Page<Transfer>),
        (status = 400, description = "invalid-parameter"),
    )
)]
pub(super) async fn list_transfers(
    State(database): State<Database>,
    params: Params,
) -> Result<Json<Page<Transfer>>, ApiError> {
    let filter = Filter { status: params.name_of("status")?, account_id: params.value("account_id")? };
    Ok(Json(store::transfers(&database, filter, params.page("transfers")?).await?))
}

/// A money transfer; while it is `withdrawn`, its amount is in flight.
#[utoipa::path(
    get,
    path = "/transfers/{transfer_id}",
    tag = "transfers",
    params(("transfer_id" = TransferId, Path)),
    responses(
        (status = 200, description = "The transfer", body = Transfer),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "transfer-not-found"),
    )
)]
pub(super) async fn get_transfer(
    State(database): State<Database>,
    PathId(id): PathId<TransferId>,
) -> Result<Json<Transfer>, ApiError> {
    Ok(Json(store::find_transfer(&database, &id).await?.ok_or(Refusal::TransferNotFound)?))
}
