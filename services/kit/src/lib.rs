//! What every HTTP program here shares: problems, health, metrics, configuration, database, event log, idempotency.

mod body;
mod config;
pub mod cursor;
mod metrics;
mod params;
mod problem;
mod process;
mod server;
mod telemetry;

pub use body::{Json, OptionalJson};
pub use config::{ConfigError, env_opt, env_or};
pub use params::{DEFAULT_LIMIT, MAX_LIMIT, Params, PathId, invalid};
pub use problem::{ApiError, problem};
pub use process::{init_tracing, shutdown_signal};
pub use server::{BindError, MAX_BODY, ReadyCheck, app, bind, ready_check, serve};
pub use telemetry::record_correlation;
