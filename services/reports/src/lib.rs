//! Reports: adds the documents of a customer up, one report at a time, and publishes them.

pub mod domain;
mod follower;
mod migration;
mod routes;
mod store;

use process_manager_client::feed::FeedClient;
use sea_orm_migration::MigrationTrait;
use service_kit::{ConfigError, Database, Service, env_url};
use tokio_util::sync::CancellationToken;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::follower::{Follower, Stopped};

const BILLING_VARIABLE: &str = "BILLING_URL";

/// Reports as a service: `REPORTS_ADDR`, `REPORTS_DATABASE_URL`, and `BILLING_URL` (default `http://127.0.0.1:8081`).
#[derive(Debug, Clone, utoipa::OpenApi)]
#[openapi(info(title = "Reports", description = "Adds a customer's documents up, one report at a time."))]
pub struct Reports {
    billing: FeedClient,
    stopped: Stopped,
}

impl Reports {
    /// Makes a Reports that follows the log of the Billing at this URL. Billing need not be available.
    ///
    /// # Errors
    /// [`ConfigError`] names `BILLING_URL` if the URL is not that of an HTTP service.
    pub fn following(billing: Url) -> Result<Self, ConfigError> {
        let value = billing.to_string();
        let billing = FeedClient::new(billing).map_err(|error| ConfigError {
            variable: BILLING_VARIABLE.to_owned(),
            value,
            reason: error.to_string(),
        })?;
        Ok(Self { billing, stopped: Stopped::default() })
    }
}

impl Service for Reports {
    const NAME: &str = "reports";
    const SOURCE: &str = messages::reports::SOURCE;
    const PORT: u16 = 8082;

    fn from_env() -> Result<Self, ConfigError> {
        Self::following(env_url(BILLING_VARIABLE, "http://127.0.0.1:8081")?)
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(migration::Reports)]
    }

    fn routes() -> OpenApiRouter<Database> {
        routes::routes()
    }

    fn ready(&self) -> Result<(), String> {
        self.stopped.get().map_or(Ok(()), |why| Err(why.clone()))
    }

    fn work(&self, database: Database, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let follower = Follower { database, billing: self.billing.clone(), stopped: self.stopped.clone() };
        follower.run(shutdown)
    }
}
