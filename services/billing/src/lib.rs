//! Billing: issues documents and voids them, one process at a time per document.

pub mod domain;
mod migration;
mod routes;
mod store;

use sea_orm_migration::MigrationTrait;
use service_kit::{ConfigError, Database, Service};
use utoipa_axum::router::OpenApiRouter;

/// Billing as a service: `BILLING_ADDR`, `BILLING_DATABASE_URL`.
#[derive(Debug, Clone, utoipa::OpenApi)]
#[openapi(info(title = "Billing", description = "Issues documents, and voids them on request."))]
pub struct Billing;

impl Service for Billing {
    const NAME: &str = "billing";
    const SOURCE: &str = messages::billing::SOURCE;
    const PORT: u16 = 8081;

    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(migration::Documents)]
    }

    fn routes() -> OpenApiRouter<Database> {
        routes::routes()
    }
}
