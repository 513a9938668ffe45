//! Contracts' routes.

mod change_customer_credit_rating;
mod contracts;
mod customers;
mod open_contract;
mod register_customer;
mod remind_customer;
mod steps;

use service_kit::Database;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Returns the routes of customers, of contracts, of changes of credit ratings and of commands.
pub(crate) fn routes() -> OpenApiRouter<Database> {
    OpenApiRouter::new()
        .routes(routes!(customers::get_customer))
        .routes(routes!(customers::get_credit_change))
        .routes(routes!(contracts::list_contracts))
        .routes(routes!(contracts::get_contract))
        .routes(routes!(register_customer::register_customer))
        .routes(routes!(open_contract::open_contract))
        .routes(routes!(change_customer_credit_rating::change_customer_credit_rating))
        .routes(routes!(steps::revoke_customer_contract))
        .routes(routes!(steps::reinstate_contract))
        .routes(routes!(steps::sign_contract))
        .routes(routes!(steps::reconfirm_contract))
        .routes(routes!(steps::terminate_contract))
        .routes(routes!(remind_customer::remind_customer))
}
