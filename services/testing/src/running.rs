//! A service that runs for a test.

use service_kit::{Config, DatabaseUrl, Service, start};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Client;

/// A service that runs until this value is dropped.
#[derive(Debug)]
pub struct Running {
    /// A client of the service.
    pub client: Client,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
    _guard: DropGuard,
}

impl Running {
    /// Starts a service on a free port.
    ///
    /// # Panics
    /// Panics if it does not start.
    pub async fn start(service: impl Service, database: &DatabaseUrl) -> Self {
        let config = Config { addr: "127.0.0.1:0".to_owned(), database: database.clone(), service };
        let started = start(config).await.unwrap();
        let client = Client::new(started.addr());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(started.serve(shutdown.clone()));
        Self { client, task, _guard: shutdown.clone().drop_guard(), shutdown }
    }

    /// Stops the service.
    ///
    /// # Panics
    /// Panics if it ends with an error.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}
