//! `GET /transfers/{transfer_id}`: a money transfer.

use axum::extract::State;
use messages::{Problem, TransferId, accounts::Transfer};
use service_kit::{ApiError, Database, Json, PathId};

use crate::{domain::Refusal, store};

/// A money transfer; while it is `withdrawn`, its amount is in flight.
#[utoipa::path(
    get,
    path = "/transfers/{transfer_id}",
    tag = "transfers",
    params(("transfer_id" = TransferId, Path)),
    responses(
        (status = 200, description = "The transfer", body = Transfer),
        (status = 400, description = "invalid-id", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "transfer-not-found", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_transfer(
    State(database): State<Database>,
    PathId(id): PathId<TransferId>,
) -> Result<Json<Transfer>, ApiError> {
    Ok(Json(store::find_transfer(&database, &id).await?.ok_or(Refusal::TransferNotFound)?))
}
