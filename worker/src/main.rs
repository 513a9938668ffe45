//! The worker as a program of its own.

use process_manager::connect::TemporalConfig;
use service_kit::{init_tracing, shutdown_signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    init_tracing();
    let shutdown = shutdown_signal();
    let config = worker::Config::from_env()?;
    let temporal = TemporalConfig::from_env()?;
    let Some(client) = shutdown.run_until_cancelled(temporal.connect_when_up()).await else { return Ok(()) };
    Box::pin(worker::run(config, client?, shutdown)).await
}
