//! Contracts: keeps customers' credit ratings and their contracts.
//!
//! A change of a customer's credit rating is recorded here. Revoking the customer's contracts, reminding the customer,
//! reinstating and terminating are commands of process managers. Signing and confirming are commands of people. One
//! command changes one contract.

pub mod domain;
mod migration;
mod routes;
mod store;

use sea_orm_migration::MigrationTrait;
use service_kit::{ConfigError, Database, Service};
use utoipa_axum::router::OpenApiRouter;

/// Contracts as a service: `CONTRACTS_ADDR`, `CONTRACTS_DATABASE_URL`.
#[derive(Debug, Clone, utoipa::OpenApi)]
#[openapi(info(title = "Contracts", description = "Keeps customers' credit ratings and their contracts."))]
pub struct Contracts;

impl Service for Contracts {
    const NAME: &str = "contracts";
    const SOURCE: &str = messages::contracts::SOURCE;
    const PORT: u16 = 8085;

    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(migration::CustomersAndContracts), Box::new(migration::UntouchedContracts)]
    }

    fn routes() -> OpenApiRouter<Database> {
        routes::routes()
    }
}
