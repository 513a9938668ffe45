//! `GET /customers/{customer_id}` and `GET /credit-changes/{credit_change_id}`.

use axum::extract::State;
use messages::{
    CreditChangeId, CustomerId,
    contracts::{CreditChange, Customer},
};
use service_kit::{ApiError, Database, Json, PathId};

use crate::{domain::Refusal, store};

/// A customer.
#[utoipa::path(
    get,
    path = "/customers/{customer_id}",
    tag = "customers",
    params(("customer_id" = CustomerId, Path)),
    responses(
        (status = 200, description = "The customer", body = Customer),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "customer-not-found"),
    )
)]
pub(super) async fn get_customer(
    State(database): State<Database>,
    PathId(id): PathId<CustomerId>,
) -> Result<Json<Customer>, ApiError> {
    Ok(Json(store::find_customer(&database, &id).await?.ok_or(Refusal::CustomerNotFound)?))
}

/// A change of a customer's credit rating, with the numbers of the contracts that it has revoked.
#[utoipa::path(
    get,
    path = "/credit-changes/{credit_change_id}",
    tag = "customers",
    params(("credit_change_id" = CreditChangeId, Path)),
    responses(
        (status = 200, description = "The change", body = CreditChange),
        (status = 400, description = "invalid-id"),
        (status = 404, description = "credit-change-not-found"),
    )
)]
pub(super) async fn get_credit_change(
    State(database): State<Database>,
    PathId(id): PathId<CreditChangeId>,
) -> Result<Json<CreditChange>, ApiError> {
    Ok(Json(store::find_credit_change(&database, &id).await?.ok_or(Refusal::CreditChangeNotFound)?))
}
