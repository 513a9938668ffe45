//! The worker as a program of its own, configured by environment variables.

use std::process::ExitCode;

use process_manager_host::connect::TemporalConfig;
use service_kit::{exit, init_tracing, shutdown_signal};

#[tokio::main]
async fn main() -> ExitCode {
    init_tracing();
    exit(Box::pin(work()).await)
}

async fn work() -> anyhow::Result<()> {
    let shutdown = shutdown_signal();
    let config = worker::Config::from_env()?;
    let temporal = TemporalConfig::from_env()?;
    let Some(client) = shutdown.run_until_cancelled(temporal.connect_when_up()).await else { return Ok(()) };
    worker::run(config, client?, shutdown).await
}
