//! Temporal's dev server as a child process that never outlives this program.
//!
//! The child is a few lines of `sh` around the server (`dev_server.sh`). It ends the server when its standard input, a
//! pipe, ends. That happens on a drop, a panic and a `kill -9` alike, and needs no unsafe code. The child has its own
//! process group, so a Ctrl-C in the terminal reaches only this program, and the server ends last. If the shell itself
//! is killed with -9, its watching half still ends the server. Only a -9 of both halves leaves the server behind.

mod namespace;

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

/// The time limit for the server's first answer. A start takes about a second; a busy machine may need much longer.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// The time limit for reading the rest of an ended server's log. Another process may hold it open.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The pause between two attempts to reach a starting server.
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(50);
/// Longer than the script waits before it kills the server (4 s).
const STOP_TIMEOUT: Duration = Duration::from_millis(4_500);
/// The namespace that every dev server has.
const DEFAULT_NAMESPACE: &str = "default";
/// How many lines of the server's log are kept to explain an early end.
const KEPT_LINES: usize = 5;

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

    /// Returns the CLI's arguments, for a process that is supervised by other means than [`DevServer`].
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

/// The reason why there is no running dev server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevServerError {
    /// The process could not be started.
    #[error("the shell `sh`, which watches the Temporal dev server, could not be started ({0})")]
    Spawn(#[source] io::Error),
    /// The name of the database file is not allowed.
    #[error("the database file {path:?} of the Temporal dev server must have a name without '#', '?' and '%'")]
    Database {
        /// The file.
        path: PathBuf,
    },
    /// The folder of the database file does not exist.
    #[error("the folder {folder:?} for the database of the Temporal dev server does not exist; create it")]
    Folder {
        /// The folder.
        folder: PathBuf,
    },
    /// The server ended before it answered.
    #[error("the Temporal dev server ended ({status}) before it was ready: {log}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not answer in time.
    #[error("the Temporal dev server did not answer within {} s: {log}", START_TIMEOUT.as_secs())]
    NotReady {
        /// The last lines of its log, and the last answer.
        log: String,
    },
    /// The server's process could not be watched.
    #[error("the Temporal dev server's process could not be watched ({0})")]
    Watch(#[from] io::Error),
}

/// Returns folder and name of the database file. The server turns the path that it gets into a URL, in which `#`, `?`
/// and `%` have a meaning. So it is started in the folder and gets only the name.
fn database_in_folder(config: &mut DevServerConfig) -> Result<Option<(PathBuf, PathBuf)>, DevServerError> {
    let Some(path) = &config.database else { return Ok(None) };
    let absolute = |path: &Path| std::path::absolute(path).map_err(DevServerError::Spawn);
    let path = absolute(path)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(DevServerError::Database { path });
    };
    if name.to_str().is_none_or(|name| name.contains(['#', '?', '%'])) {
        return Err(DevServerError::Database { path });
    }
    if !folder.is_dir() {
        return Err(DevServerError::Folder { folder: folder.to_owned() });
    }
    // A CLI without a folder is searched for on the PATH.
    if config.cli.components().count() > 1 {
        config.cli = absolute(&config.cli)?;
    }
    Ok(Some((folder.to_owned(), name.into())))
}

/// A running dev server. Dropping it also ends the server, without waiting for the end.
#[derive(Debug)]
pub struct DevServer {
    shell: Child,
    lifeline: Option<ChildStdin>,
    log: Log,
    /// Reads the log until its end.
    reading: Option<JoinHandle<()>>,
    address: String,
    namespace: String,
    retention: Option<Duration>,
}

impl DevServer {
    /// Starts a server. It is not [`ready`](Self::ready) yet.
    ///
    /// # Errors
    /// [`DevServerError::Spawn`]. If the CLI itself cannot be run, [`ready`](Self::ready) reports it.
    pub fn spawn(config: &DevServerConfig) -> Result<Self, DevServerError> {
        let mut shell = Command::new("sh");
        let mut config = config.clone();
        if let Some((folder, file)) = database_in_folder(&mut config)? {
            shell.current_dir(folder);
            config.database = Some(file);
        }
        let mut shell = shell
            .args(["-c", include_str!("dev_server.sh"), "temporal-dev-server"])
            .arg(&config.cli)
            .args(config.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(DevServerError::Spawn)?;
        let log = Log::default();
        let reading = shell.stderr.take().map(|stderr| tokio::spawn(log.clone().follow(stderr)));
        let lifeline = shell.stdin.take();
        let address = format!("127.0.0.1:{}", config.port);
        let DevServerConfig { namespace, retention, .. } = config;
        Ok(Self { shell, lifeline, log, reading, address, namespace, retention })
    }

    /// Returns once its namespace can be used.
    ///
    /// # Errors
    /// [`DevServerError::Ended`] if the server ends before that, with its last log lines; [`DevServerError::NotReady`]
    /// after two minutes.
    pub async fn ready(&mut self) -> Result<(), DevServerError> {
        let deadline = Instant::now() + START_TIMEOUT;
        let mut last = String::new();
        while Instant::now() < deadline {
            if let Some(status) = self.shell.try_wait()? {
                // The end of the server is known before its last log lines are read.
                if let Some(reading) = self.reading.take() {
                    let _ = timeout(LAST_WORDS, reading).await;
                }
                return Err(DevServerError::Ended { status, log: self.log.tail() });
            }
            match timeout_at(deadline, namespace::serves(&self.address, &self.namespace, self.retention)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => break,
            }
            sleep(ATTEMPT_INTERVAL).await;
        }
        Err(DevServerError::NotReady { log: format!("{last} {}", self.log.tail()) })
    }

    /// Returns `host:port` of its gRPC endpoint.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the server ends by itself.
    ///
    /// # Errors
    /// If its process cannot be watched.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        // `Child::wait` would first close the pipe; the pipe was taken out, so it stays open.
        self.shell.wait().await
    }

    /// Ends the server: SIGTERM, after four seconds SIGKILL. Returns within five seconds.
    ///
    /// # Errors
    /// If its process cannot be watched.
    pub async fn stop(mut self) -> io::Result<()> {
        self.lifeline = None;
        match timeout(STOP_TIMEOUT, self.shell.wait()).await {
            Ok(ended) => ended.map(|_| ()),
            Err(_) => self.shell.kill().await,
        }
    }
}

/// The server's own log: passed on line by line; the last lines are kept.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    async fn follow(self, stderr: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            tracing::warn!(target: "temporal", "temporal: {line}");
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            if kept.len() > KEPT_LINES {
                kept.pop_front();
            }
        }
    }

    fn tail(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}
