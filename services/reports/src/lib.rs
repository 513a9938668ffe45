//! Reports: adds up the documents of a customer, one report at a time, and publishes them.

pub mod domain;
mod follower;
mod migration;
mod routes;
mod store;

use messages::Position;
use process_manager_client::feed::FeedClient;
use sea_orm_migration::MigrationTrait;
use service_kit::{ConfigError, Database, Service, env_or, env_url};
use tokio_util::sync::CancellationToken;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::follower::{Follower, Skip, Stopped};

const BILLING_VARIABLE: &str = "BILLING_URL";
const SKIP_VARIABLE: &str = "REPORTS_SKIP_POSITIONS";

/// Reports as a service: `REPORTS_ADDR`, `REPORTS_DATABASE_URL`, `BILLING_URL` (default `http://127.0.0.1:8081`) and
/// `REPORTS_SKIP_POSITIONS` (none by default).
#[derive(Debug, Clone, utoipa::OpenApi)]
#[openapi(info(title = "Reports", description = "Adds a customer's documents up, one report at a time."))]
pub struct Reports {
    billing: FeedClient,
    skip: Skip,
    stopped: Stopped,
}

impl Reports {
    /// Creates a Reports that follows the log of the Billing at this URL. Billing need not be available.
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names `BILLING_URL`, if the URL is not that of an HTTP service.
    pub fn following(billing: Url) -> Result<Self, ConfigError> {
        let value = billing.to_string();
        let billing = FeedClient::new(billing).map_err(|error| ConfigError {
            variable: BILLING_VARIABLE.to_owned(),
            value,
            reason: error.to_string(),
        })?;
        Ok(Self { billing, skip: Skip::default(), stopped: Stopped::default() })
    }

    /// Follows the log at another URL.
    ///
    /// # Errors
    /// Returns the same errors as [`Reports::following`].
    pub fn and_follows(self, billing: Url) -> Result<Self, ConfigError> {
        Ok(Self { billing: Self::following(billing)?.billing, ..self })
    }

    /// Skips the events at these positions of the log if they cannot be read.
    #[must_use]
    pub fn skipping(self, positions: impl IntoIterator<Item = Position>) -> Self {
        Self { skip: positions.into_iter().collect(), ..self }
    }
}

impl Service for Reports {
    const NAME: &str = "reports";
    const SOURCE: &str = messages::reports::SOURCE;
    const PORT: u16 = 8082;

    fn from_env() -> Result<Self, ConfigError> {
        let reports = Self::following(env_url(BILLING_VARIABLE, "http://127.0.0.1:8081")?)?;
        Ok(Self { skip: env_or(SKIP_VARIABLE, Skip::default())?, ..reports })
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
        let Self { billing, skip, stopped } = self.clone();
        Follower { database, billing, skip, stopped }.run(shutdown)
    }
}
