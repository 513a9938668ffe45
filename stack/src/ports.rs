//! Checks that all ports are free before anything is started.

use std::time::Duration;

use service_kit::{BindError, bind};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::config::{Config, Temporal};

/// A port that is not free.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PortError {
    #[error(transparent)]
    Program(#[from] BindError),
    #[error(
        "Temporal's dev server cannot listen on 127.0.0.1:{port}: the port is in use; stop the other program, set \
         TEMPORAL_PORT to another port (its Web UI listens on that + 1000), or set TEMPORAL_ADDRESS to use a running server"
    )]
    Temporal { port: u16 },
}

/// Time that the dev server of a killed run needs to end. It learns of the kill when its parent's pipe closes, and is
/// killed 4 s later.
const LEFTOVER_ENDS_WITHIN: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until all ports are free, if the last run was killed: its dev server may need a few seconds to end.
///
/// # Errors
/// Returns [`PortError`], whose message says what to do.
pub(crate) async fn wait_for(config: &Config, was_killed: bool) -> Result<(), PortError> {
    let deadline = Instant::now() + LEFTOVER_ENDS_WITHIN;
    let mut is_told = false;
    loop {
        match check(config).await {
            Err(PortError::Temporal { .. }) if was_killed && Instant::now() < deadline => {
                if !is_told {
                    tracing::info!("the last run was killed; waiting for its Temporal dev server to end");
                    is_told = true;
                }
                sleep(LOOK_EVERY).await;
            }
            checked => return checked,
        }
    }
}

/// Binds every port that the stack needs, all at once to detect two programs on one port, and releases them.
async fn check(config: &Config) -> Result<(), PortError> {
    let held = [
        bind("api", &config.api.addr, "API_ADDR").await?,
        bind("billing", &config.billing.addr, "BILLING_ADDR").await?,
        bind("reports", &config.reports.addr, "REPORTS_ADDR").await?,
        bind("accounts", &config.accounts.addr, "ACCOUNTS_ADDR").await?,
        bind("contracts", &config.contracts.addr, "CONTRACTS_ADDR").await?,
        bind("worker", &config.worker.addr, "WORKER_ADDR").await?,
    ];
    if let Temporal::Dev { port, ui_port, .. } = config.temporal {
        let mut of_temporal = Vec::new();
        for port in [port, ui_port] {
            let listener = TcpListener::bind(("127.0.0.1", port)).await;
            of_temporal.push(listener.map_err(|_| PortError::Temporal { port })?);
        }
    }
    drop(held);
    Ok(())
}
