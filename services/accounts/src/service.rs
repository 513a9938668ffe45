//! Puts Accounts together and runs it.

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use messages::accounts::SOURCE;
use service_kit::{Database, EventLog, app, bind, events_routes, ready_check, serve, with_openapi};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    config::{ADDR_VARIABLE, Config},
    migration::Migrator,
    routes,
};

const NAME: &str = "accounts";

#[derive(OpenApi)]
#[openapi(info(
    title = "Accounts",
    description = "Keeps balances, and carries out each step of a money transfer once."
))]
struct Description;

/// Accounts with its database open and its port bound, not serving yet.
#[derive(Debug)]
pub struct Accounts {
    listener: TcpListener,
    addr: SocketAddr,
    database: Database,
}

/// Opens the database and binds the port.
///
/// # Errors
/// In one sentence that says what to do: the database cannot be used, or the address.
pub async fn start(config: Config) -> anyhow::Result<Accounts> {
    let database = Database::open::<Migrator>(&config.database).await.context("accounts cannot start")?;
    let listener = bind(NAME, &config.addr, ADDR_VARIABLE).await?;
    let addr = listener.local_addr()?;
    Ok(Accounts { listener, addr, database })
}

/// Runs Accounts until `shutdown`.
///
/// # Errors
/// As [`start`], or when the listener fails for good.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    start(config).await?.serve(shutdown).await
}

impl Accounts {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown`, then lets requests in flight end.
    ///
    /// # Errors
    /// When the listener fails for good.
    pub async fn serve(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let app = router(self.database, shutdown.clone());
        Ok(serve(NAME, self.listener, app, shutdown).await?)
    }
}

fn router(database: Database, shutdown: CancellationToken) -> Router {
    let log = EventLog { database: database.clone(), source: SOURCE, shutdown };
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(routes::routes(database.clone()))
        .merge(events_routes(log));
    let ready = ready_check(move || {
        let database = database.clone();
        async move { database.ping().await.map_err(|error| format!("the database does not answer: {error}")) }
    });
    app(NAME, with_openapi(routes), ready)
}
