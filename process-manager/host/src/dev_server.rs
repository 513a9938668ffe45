//! Temporal's dev server as a child process that never outlives this program.
//!
//! The child is a few lines of `sh` around the server (`dev_server.sh`). It ends the server when its standard input, a
//! pipe, ends. That happens on a drop, a panic and a `kill -9` alike, and needs no unsafe code. The child has its own
//! process group, so a Ctrl-C in the terminal reaches only this program, and the server ends last. If the shell itself
//! is killed with -9, its watching half still ends the server. Only a -9 of both halves leaves the server behind.

mod config;
mod namespace;

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use self::config::DevServerConfig;
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
/// How many lines of the server's log are kept to explain an early end.
const KEPT_LINES: usize = 5;

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
