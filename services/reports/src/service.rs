//! Puts Reports together and runs it.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::Router;
use messages::reports::SOURCE;
use process_manager_client::feed::FeedClient;
use service_kit::{Database, EventLog, app, bind, events_routes, ready_check, serve, with_openapi};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    config::{ADDR_VARIABLE, Config},
    follower::{Follower, Stopped},
    migration::Migrator,
    routes,
};

const NAME: &str = "reports";

#[derive(OpenApi)]
#[openapi(info(title = "Reports", description = "Adds a customer's documents up, one report at a time."))]
struct Description;

/// Reports with its database open and its port bound, neither serving nor following yet.
#[derive(Debug)]
pub struct Reports {
    listener: TcpListener,
    addr: SocketAddr,
    database: Database,
    billing: FeedClient,
}

/// Opens the database and binds the port. Billing need not be there.
///
/// # Errors
/// In one sentence that says what to do: the database cannot be used, or an address.
pub async fn start(config: Config) -> anyhow::Result<Reports> {
    let billing = FeedClient::new(config.billing_url).context("BILLING_URL does not do")?;
    let database = Database::open::<Migrator>(&config.database).await.context("reports cannot start")?;
    let listener = bind(NAME, &config.addr, ADDR_VARIABLE).await?;
    let addr = listener.local_addr()?;
    Ok(Reports { listener, addr, database, billing })
}

/// Runs Reports until `shutdown`.
///
/// # Errors
/// As [`start`], or when the listener fails for good.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    start(config).await?.serve(shutdown).await
}

impl Reports {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves and follows Billing's log until `shutdown`, then lets requests in flight end.
    ///
    /// # Errors
    /// When the listener fails for good.
    pub async fn serve(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let stopped = Stopped::default();
        let app = router(self.database.clone(), stopped.clone(), shutdown.clone());
        let follower = Follower { database: self.database, billing: self.billing, stopped };
        let end = shutdown.child_token();
        let follow = tokio::spawn(follower.run(end.clone()).instrument(tracing::info_span!("follower")));
        let served = serve(NAME, self.listener, app, shutdown).await;
        end.cancel();
        follow.await?;
        Ok(served?)
    }
}

fn router(database: Database, stopped: Stopped, shutdown: CancellationToken) -> Router {
    let log = EventLog { database: database.clone(), source: SOURCE, shutdown };
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(routes::routes(database.clone()))
        .merge(events_routes(log));
    let ready = ready_check(move || {
        let (database, stopped) = (database.clone(), Arc::clone(&stopped));
        async move {
            if let Some(why) = stopped.get() {
                return Err(why.clone());
            }
            database.ping().await.map_err(|error| format!("the database does not answer: {error}"))
        }
    });
    app(NAME, with_openapi(routes), ready)
}
