//! How a dev server is started.

use std::{path::PathBuf, time::Duration};

/// The namespace that every dev server has.
const DEFAULT_NAMESPACE: &str = "default";
/// Measured: with the first setting, one workflow task takes 31 ms instead of 50 ms. With the second, the slowest
/// hundredth of workflows takes half as long with 50 in flight: a single-node server needs no queue in four parts. All
/// four are still read, so nothing is left behind that an older version put there. Without the third, one client that
/// pages through a list exhausts the rate at which a namespace may list workflows, for everybody.
const DYNAMIC_CONFIG: [&str; 3] = [
    "history.transferProcessorMaxPollRPS=1000",
    "matching.numTaskqueueWritePartitions=1",
    "frontend.namespaceRPS.visibility=1000",
];
/// Settings that make a new namespace and its search attributes visible at once.
const FRESH_CACHES: [&str; 2] =
    ["system.forceSearchAttributesCacheRefreshOnRead=true", "system.namespaceCacheRefreshInterval=\"200ms\""];
/// For a database file. Measured with 300 short workflows, 50 in flight: 2.6 times as many per second as with SQLite's
/// defaults, and 5 s instead of 20 for the slowest hundredth. A process that dies loses nothing; a power cut may lose
/// the last moments. A checkpoint comes every 16 MB, not every 4 MB: with fewer, less depends on the disk's speed.
const PRAGMAS: [&str; 3] = ["journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=4000"];

/// How a dev server is started.
#[derive(Debug, Clone)]
pub struct DevServerConfig {
    /// The Temporal CLI.
    pub cli: PathBuf,
    /// The gRPC port on 127.0.0.1.
    pub port: u16,
    /// The port of the Web UI on 127.0.0.1; `None` for no Web UI.
    pub ui_port: Option<u16>,
    /// The SQLite file that keeps the data; `None` keeps it in memory.
    pub database: Option<PathBuf>,
    /// The namespace to create; the server always has `default` as well.
    pub namespace: String,
    /// How long an ended run can be read, if longer than the server's default of one day.
    pub retention: Option<Duration>,
    /// Additional values of the server's dynamic configuration, such as `system.namespaceCacheRefreshInterval="200ms"`.
    pub dynamic_config: Vec<String>,
}

impl DevServerConfig {
    /// Creates the configuration of a server in memory without a Web UI.
    #[must_use]
    pub fn new(cli: impl Into<PathBuf>, port: u16) -> Self {
        let namespace = DEFAULT_NAMESPACE.to_owned();
        Self {
            cli: cli.into(),
            port,
            ui_port: None,
            database: None,
            namespace,
            retention: None,
            dynamic_config: Vec::new(),
        }
    }

    /// Makes a new namespace and its search attributes visible at once, as tests need it.
    #[must_use]
    pub fn with_fresh_caches(mut self) -> Self {
        self.dynamic_config.extend(FRESH_CACHES.map(str::to_owned));
        self
    }

    /// Returns the CLI's arguments, for a process that is supervised by other means than
    /// [`DevServer`](super::DevServer).
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["server".into(), "start-dev".into(), "--ip".into(), "127.0.0.1".into()];
        let mut option = |name: &str, value: &str| arguments.extend([name.into(), value.into()]);
        option("--log-level", "error");
        option("--port", &self.port.to_string());
        if let Some(port) = self.ui_port {
            option("--ui-port", &port.to_string());
        }
        if let Some(file) = &self.database {
            option("--db-filename", &file.display().to_string());
            PRAGMAS.iter().for_each(|pragma| option("--sqlite-pragma", pragma));
        }
        let own = self.dynamic_config.iter().map(String::as_str);
        DYNAMIC_CONFIG.into_iter().chain(own).for_each(|value| option("--dynamic-config-value", value));
        if self.namespace != DEFAULT_NAMESPACE {
            option("--namespace", &self.namespace);
        }
        if self.ui_port.is_none() {
            arguments.push("--headless".into());
        }
        arguments
    }
}
