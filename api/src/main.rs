//! The api as a separate program, configured by environment variables.

use std::process::ExitCode;

use process_manager_host::connect::{LazyClient, TemporalConfig};
use service_kit::{exit, init_tracing, shutdown_signal};

#[tokio::main]
async fn main() -> ExitCode {
    init_tracing();
    exit(serve().await)
}

async fn serve() -> anyhow::Result<()> {
    let temporal = LazyClient::connect(TemporalConfig::from_env()?);
    api::run(api::Config::from_env()?, temporal, shutdown_signal()).await
}
