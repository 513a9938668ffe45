//! Accounts: keeps balances, and carries out each step of a money transfer once.
//!
//! A transfer is requested here. Withdrawing, depositing, refunding and giving up are commands of a process manager.
//! Money is never made or lost: the sum of all balances and of the amounts in flight (transfers that are withdrawn)
//! does not change, whatever is repeated, late or lost.

pub mod domain;
mod migration;
mod routes;
mod store;

use sea_orm_migration::MigrationTrait;
use service_kit::{ConfigError, Database, Service};
use utoipa_axum::router::OpenApiRouter;

/// Accounts as a service: `ACCOUNTS_ADDR`, `ACCOUNTS_DATABASE_URL`.
#[derive(Debug, Clone, utoipa::OpenApi)]
#[openapi(info(
    title = "Accounts",
    description = "Keeps balances, and carries out each step of a money transfer once."
))]
pub struct Accounts;

impl Service for Accounts {
    const NAME: &str = "accounts";
    const SOURCE: &str = messages::accounts::SOURCE;
    const PORT: u16 = 8084;

    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(migration::AccountsAndTransfers)]
    }

    fn routes() -> OpenApiRouter<Database> {
        routes::routes()
    }
}
