//! Services: their description, configuration, start and run.

use std::{future::Future, marker::PhantomData, net::SocketAddr, process::ExitCode, sync::Arc};

use anyhow::Context;
use axum::Router;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Bound, ConfigError, Database, DatabaseUrl, app, bind,
    command::{IdempotencyMigration, KeysByTimeMigration, Retention},
    database::WriteCheckMigration,
    env_or,
    event_log::{EventLog, EventLogMigration, events_routes},
    exit, init_tracing, openapi, ready_check, serve, shutdown_signal,
};

/// A service: its tables, its routes, and its other work. Its `OpenApi` provides title and description.
///
/// The value holds the service's own settings.
pub trait Service: OpenApi + Send + Sync + Sized + 'static {
    /// Its name in logs, metrics, variables and file names.
    const NAME: &'static str;
    /// The `source` of its events.
    const SOURCE: &'static str;
    /// The port on which it listens by default.
    const PORT: u16;

    /// Reads the service's own settings from the environment.
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names the invalid variable.
    fn from_env() -> Result<Self, ConfigError>;

    /// Returns the migrations of the service's tables, in order. Those of the event log and of the idempotency keys run
    /// first.
    fn migrations() -> Vec<Box<dyn MigrationTrait>>;

    /// Returns the service's routes. `GET /events` and the routes of every program are added.
    fn routes() -> OpenApiRouter<Database>;

    /// Checks whether the service can do its work. The database is checked as well.
    ///
    /// # Errors
    /// Returns the reason if it cannot.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    /// Runs beside the routes until `shutdown`.
    fn work(&self, database: Database, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        drop((database, shutdown));
        std::future::ready(())
    }
}

/// Configuration of a service.
#[derive(Debug, Clone)]
pub struct Config<S> {
    /// `host:port` to listen on; port 0 takes a free one.
    pub addr: String,
    /// The service's database.
    pub database: DatabaseUrl,
    /// The service and its own settings.
    pub service: S,
}

impl<S: Service> Config<S> {
    /// Reads the environment: for a service `billing`, `BILLING_ADDR` (default: its port on 127.0.0.1) and
    /// `BILLING_DATABASE_URL` (default: `billing.db` in `DATA_DIR`).
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names the invalid variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env(&variable::<S>("DATABASE_URL"), &file::<S>())?)
    }

    /// Does the same as [`Config::from_env`], with `DATABASE_URL` if `BILLING_DATABASE_URL` is absent, for a program
    /// that hosts one service alone.
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names the invalid variable.
    pub fn from_env_alone() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env_alone(&variable::<S>("DATABASE_URL"), &file::<S>())?)
    }

    fn with_database(database: DatabaseUrl) -> Result<Self, ConfigError> {
        let addr = env_or(&variable::<S>("ADDR"), format!("127.0.0.1:{}", S::PORT))?;
        Ok(Self { addr, database, service: S::from_env()? })
    }
}

fn variable<S: Service>(name: &str) -> String {
    format!("{}_{name}", S::NAME.to_uppercase())
}

fn file<S: Service>() -> String {
    format!("{}.db", S::NAME)
}

/// Runs a service as a separate program, configured by its environment.
pub async fn main<S: Service>() -> ExitCode {
    init_tracing();
    exit(async { run(Config::<S>::from_env_alone()?, shutdown_signal()).await }.await)
}

/// Runs a service until `shutdown`.
///
/// # Errors
/// Returns the same errors as [`start`] and [`Started::serve`].
pub async fn run<S: Service>(config: Config<S>, shutdown: CancellationToken) -> anyhow::Result<()> {
    start(config).await?.serve(shutdown).await
}

/// Opens the database and binds the port.
///
/// # Errors
/// Returns an error if the database or the address cannot be used; it says in one sentence what to do.
pub async fn start<S: Service>(config: Config<S>) -> anyhow::Result<Started<S>> {
    let Config { addr, database, service } = config;
    let retention = Retention::from_env()?;
    let database = Database::open::<Migrations<S>>(&database).await;
    let database = database.with_context(|| format!("{} cannot start", S::NAME))?;
    let listener = bind(S::NAME, &addr, &variable::<S>("ADDR")).await?;
    let addr = listener.local_addr()?;
    Ok(Started { service: Arc::new(service), database, listener, addr, retention })
}

/// A service with its database open and its port bound, not serving yet.
#[derive(Debug)]
pub struct Started<S> {
    service: Arc<S>,
    database: Database,
    listener: Bound,
    addr: SocketAddr,
    retention: Retention,
}

impl<S: Service> Started<S> {
    /// Returns where the service listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves, and does the service's other work, until `shutdown`. Then lets requests in flight end.
    ///
    /// # Errors
    /// Returns an error if the listener fails for good, or the other work panicked.
    pub async fn serve(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { service, database, listener, retention, .. } = self;
        let app = router(&service, &database, shutdown.clone());
        let end = shutdown.child_token();
        let sweep = retention.run(database.clone(), end.clone());
        let work = service.work(database, end.clone());
        let work = tokio::spawn(async move { tokio::join!(work, sweep) });
        let served = serve(S::NAME, listener, app, shutdown).await;
        end.cancel();
        work.await?;
        Ok(served?)
    }
}

fn router<S: Service>(service: &Arc<S>, database: &Database, shutdown: CancellationToken) -> Router {
    let log = EventLog { database: database.clone(), source: S::SOURCE, shutdown };
    let routes = OpenApiRouter::with_openapi(S::openapi())
        .merge(S::routes().with_state(database.clone()))
        .merge(events_routes(log));
    let (service, database) = (Arc::clone(service), database.clone());
    let ready = ready_check(move || {
        let (service, database) = (Arc::clone(&service), database.clone());
        async move {
            service.ready()?;
            database.check_writing().await.map_err(|why| format!("the database takes no writes: {why}"))
        }
    });
    app(S::NAME, openapi::served(routes), ready)
}

/// All migrations of a service.
struct Migrations<S>(PhantomData<fn() -> S>);

impl<S: Service> MigratorTrait for Migrations<S> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let kit: [Box<dyn MigrationTrait>; 2] = [Box::new(EventLogMigration), Box::new(IdempotencyMigration)];
        // These were added after the first services.
        let later: [Box<dyn MigrationTrait>; 2] = [Box::new(WriteCheckMigration), Box::new(KeysByTimeMigration)];
        kit.into_iter().chain(S::migrations()).chain(later).collect()
    }
}
