//! The api as a program of its own, configured by its environment.

use process_manager::connect::{LazyClient, TemporalConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    service_kit::init_tracing();
    let temporal = LazyClient::connect(TemporalConfig::from_env()?);
    api::run(api::Config::from_env()?, temporal, service_kit::shutdown_signal()).await
}
