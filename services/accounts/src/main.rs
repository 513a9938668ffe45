//! Runs Accounts alone.

use std::process::ExitCode;

use accounts::{Config, run};
use service_kit::{exit, init_tracing, shutdown_signal};

#[tokio::main]
async fn main() -> ExitCode {
    init_tracing();
    exit(start_and_serve().await)
}

async fn start_and_serve() -> anyhow::Result<()> {
    run(Config::from_env_alone()?, shutdown_signal()).await
}
