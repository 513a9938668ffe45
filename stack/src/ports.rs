//! Checks that all ports are free, before anything is started.

use service_kit::{BindError, bind};
use tokio::net::TcpListener;

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

/// Binds every port that the stack needs, all at once to detect two programs on one port, and releases them.
///
/// # Errors
/// Returns [`PortError`], whose message says what to do.
pub(crate) async fn check(config: &Config) -> Result<(), PortError> {
    let mut held = vec![
        bind("api", &config.api.addr, "API_ADDR").await?,
        bind("billing", &config.billing.addr, "BILLING_ADDR").await?,
        bind("reports", &config.reports.addr, "REPORTS_ADDR").await?,
        bind("accounts", &config.accounts.addr, "ACCOUNTS_ADDR").await?,
        bind("worker", &config.worker.addr, "WORKER_ADDR").await?,
    ];
    if let Temporal::Dev { port, ui_port, .. } = config.temporal {
        for port in [port, ui_port] {
            let listener = TcpListener::bind(("127.0.0.1", port)).await;
            held.push(listener.map_err(|_| PortError::Temporal { port })?);
        }
    }
    Ok(())
}
