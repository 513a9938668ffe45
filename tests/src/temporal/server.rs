//! A Temporal dev server under the supervisor.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use process_manager_host::dev_server::DevServerConfig;

use super::Temporal;
use crate::{
    Binaries, free_port,
    process::{Process, Program},
    run_dir::run_dir,
    sample::unique,
    temporal_cli,
};

/// Number of namespaces on a shared server. Leftovers of ended tests keep it busy, so another server then takes over.
const NAMESPACES: usize = 25;

/// A dev server that has been started or can be.
#[derive(Debug, Clone)]
pub struct TemporalServer {
    address: String,
    program: Program,
    metrics_port: u16,
    /// The process of a shared server, which ends with the last test that uses it.
    _process: Option<Arc<Process>>,
}

impl TemporalServer {
    /// Returns an in-memory server that tests share. The first call starts it; after some calls another one is started.
    /// It may take a second until it answers.
    ///
    /// # Panics
    /// Panics if there is no Temporal CLI, or it cannot be started.
    pub fn shared(binaries: &Binaries) -> Self {
        static SHARED: Mutex<Option<(TemporalServer, usize)>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let (server, used) = match shared.take() {
            Some((server, used)) if used < NAMESPACES => (server, used + 1),
            _ => {
                let mut server = Self::new(binaries, None, &run_dir(binaries).join("temporal.log"));
                server._process = Some(Arc::new(Process::start(&server.program)));
                (server, 1)
            }
        };
        *shared = Some((server.clone(), used));
        server
    }

    /// Creates a new namespace on the server.
    ///
    /// # Panics
    /// Panics if the server does not answer.
    pub async fn namespace(&self) -> Temporal {
        let temporal = Temporal::new(self, &unique("it"));
        temporal.register_namespace().await;
        temporal
    }

    /// Creates a server that is not started yet, on its own port, with its data in a file.
    pub(crate) fn with_database(binaries: &Binaries, dir: &Path) -> Self {
        Self::new(binaries, Some(dir.join("temporal.sqlite")), &dir.join("temporal.log"))
    }

    /// Returns `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the URL of its own metrics.
    pub(crate) fn metrics(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.metrics_port)
    }

    /// Returns the server's program with its arguments.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    fn new(binaries: &Binaries, database: Option<PathBuf>, log: &Path) -> Self {
        let (port, metrics_port) = (free_port(), free_port());
        let config = DevServerConfig { database, ..DevServerConfig::new(temporal_cli(), port) }.with_fresh_caches();
        let mut arguments = config.arguments();
        arguments.extend(["--metrics-port".to_owned(), metrics_port.to_string()]);
        let program = Program {
            supervisor: binaries.supervisor.clone(),
            path: temporal_cli().to_owned(),
            arguments,
            environment: BTreeMap::from([("HOME".to_owned(), run_dir(binaries).display().to_string())]),
            log: log.to_owned(),
        };
        Self { address: format!("127.0.0.1:{port}"), program, metrics_port, _process: None }
    }
}
