//! Shared parts of every HTTP program (problems, health, metrics, configuration) and of every service (its database, its
//! event log, commands that take effect once, pages of lists).
//!
//! # How to add a service
//!
//! A service is its domain, its tables and its routes; nothing has to be copied. For a service `orders`:
//!
//! 1. **Vocabulary.** The commands, events and views are types in `messages`, as are the codes of its refusals.
//! 2. **Domain.** `domain.rs` holds pure functions that decide, and an enum of refusals that implements [`Refusal`].
//! 3. **Tables.** `migration.rs` creates them, `store.rs` reads and writes them. [`same_names!`], [`unreadable`] and
//!    [`create_index`] help; [`PageRequest::newest`] reads the pages of a list.
//! 4. **Routes.** A handler of a command takes a [`Command`] and calls [`Command::run`]; it documents its headers with
//!    `params(CommandHeaders)` and its problems with `responses(…, CommandProblems)`. A handler of a list takes
//!    [`Params`].
//! 5. **Service.** `lib.rs` implements [`Service`] for a type that holds the service's own settings, usually none:
//!
//!    ```
//!    # use sea_orm_migration::MigrationTrait;
//!    # use service_kit::{ConfigError, Database, Service};
//!    # use utoipa_axum::router::OpenApiRouter;
//!    #[derive(Debug, Clone, utoipa::OpenApi)]
//!    #[openapi(info(title = "Orders", description = "Takes and ships orders."))]
//!    pub struct Orders;
//!
//!    impl Service for Orders {
//!        const NAME: &str = "orders"; // ORDERS_ADDR, ORDERS_DATABASE_URL, orders.db
//!        const SOURCE: &str = "/orders";
//!        const PORT: u16 = 8086;
//!
//!        fn from_env() -> Result<Self, ConfigError> {
//!            Ok(Self)
//!        }
//!
//!        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
//!            Vec::new()
//!        }
//!
//!        fn routes() -> OpenApiRouter<Database> {
//!            OpenApiRouter::new() // .routes(routes!(…))
//!        }
//!    }
//!    ```
//!
//!    A service that follows the log of another service does so in [`Service::work`], as Reports does.
//! 6. **Program.** `main.rs` calls [`main`]. `stack` runs the service with [`run`]; the `Dockerfile`, `docker-compose.yml`,
//!    `.env.example` and the tables of variables name it.
//! 7. **Tests.** `tests/it/` uses the crate `service-testing`: `Running::start` serves it, `on_each_database` runs a
//!    test on SQLite and on PostgreSQL.

mod body;
mod command;
mod config;
pub mod cursor;
mod database;
mod event_log;
mod fresh;
mod headers;
mod metrics;
mod openapi;
mod page;
mod params;
mod problem;
mod process;
mod server;
mod service;
mod table;
mod telemetry;

pub use body::{Json, OptionalJson, invalid_body};
pub use command::{Answer, Command, CommandTransaction, Done};
pub use config::{ConfigError, env_opt, env_or, env_url};
pub use database::{Database, DatabaseUrl, OpenError, Transaction};
pub use event_log::{EventLog, EventLogMigration, NewEvent, append, events_routes};
pub use fresh::{new_id, now};
pub use headers::{CommandHeaders, correlate};
pub use openapi::{CommandProblems, PageParams, describe_problems};
pub use page::PageRequest;
pub use params::{DEFAULT_LIMIT, MAX_LIMIT, Params, PathId, invalid};
pub(crate) use problem::RETRY_AFTER;
pub use problem::{ApiError, Refusal, problem};
pub use process::{exit, init_tracing, run_program, shutdown_signal};
pub use server::{BindError, Bound, MAX_BODY, ReadyCheck, app, bind, ready_check, serve};
pub use service::{Config, Service, Started, main, run, start};
pub use table::{create_index, unreadable};
