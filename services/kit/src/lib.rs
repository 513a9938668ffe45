//! What every HTTP program here shares: problems, health, metrics, configuration, database, event log, idempotency.

mod body;
mod command;
mod config;
pub mod cursor;
mod database;
mod event_log;
mod fresh;
mod idempotency;
mod metrics;
mod params;
mod problem;
mod process;
mod server;
mod telemetry;

pub use body::{Json, OptionalJson};
pub use command::{CommandHeaders, correlate};
pub use config::{ConfigError, env_opt, env_or};
pub use database::{Database, DatabaseUrl, OpenError, Transaction};
pub use event_log::{EventLog, EventLogMigration, NewEvent, append, events_routes};
pub use fresh::{new_id, now};
pub use idempotency::{EarlierAnswer, IdempotencyKey, IdempotencyMigration};
pub use params::{DEFAULT_LIMIT, MAX_LIMIT, Params, PathId, invalid};
pub use problem::{ApiError, chain, problem};
pub use process::{exit, init_tracing, shutdown_signal};
pub use server::{BindError, MAX_BODY, ReadyCheck, app, bind, ready_check, serve, with_openapi};
