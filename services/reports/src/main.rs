//! Runs Reports alone.

use reports::{Config, run};
use service_kit::{init_tracing, shutdown_signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    init_tracing();
    run(Config::from_env_alone()?, shutdown_signal()).await
}
