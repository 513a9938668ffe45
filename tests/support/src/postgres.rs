//! A PostgreSQL server for tests.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{free_port, pass_over};

const NAME: &str = "PostgreSQL";

/// The user of the server if the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";
/// Waits until its stdin ends, which is how the death of the test process shows here, then ends the server.
const LIFELINE: &str = r#"cat; folder=$1; shift; "$@"; [ "$IT_KEEP" ] || rm -rf "$folder""#;

/// A server with its data in a temporary folder. It ends with this value, or with the test process however that ends;
/// its folder is then removed, unless `IT_KEEP` is set.
#[derive(Debug)]
pub struct PostgresServer {
    programs: Programs,
    data: PathBuf,
    port: u16,
    keeps: KeepsOver,
    databases: AtomicUsize,
    lifeline: Child,
}

/// What a server survives with everything that it has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeepsOver {
    /// Only an orderly end: fast rather than safe, because its data is discarded.
    End,
    /// A crash of the server.
    Crash,
    /// A power cut as well, with PostgreSQL's default settings.
    PowerCut,
}

impl KeepsOver {
    const fn settings(self) -> [&'static str; 3] {
        match self {
            Self::End => ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
            Self::Crash => ["fsync=off", "synchronous_commit=on", "full_page_writes=on"],
            Self::PowerCut => ["fsync=on", "synchronous_commit=on", "full_page_writes=on"],
        }
    }
}

impl PostgresServer {
    /// Returns the test process's server, started at the first call. Otherwise like [`PostgresServer::start`].
    ///
    /// # Panics
    /// Panics if PostgreSQL does not start, or is not installed although `CI` is set.
    pub fn shared(test: &str) -> Option<&'static Self> {
        static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
        let server =
            SERVER.get_or_init(|| Programs::find().map(|found| Self::start_with(found, KeepsOver::End))).as_ref();
        if server.is_none() {
            pass_over(test, NAME);
        }
        server
    }

    /// Starts a server. If PostgreSQL is not installed, returns `None`, and says on stderr that `test` is skipped.
    ///
    /// # Panics
    /// Panics if PostgreSQL does not start, or is not installed although `CI` is set.
    #[must_use]
    pub fn start(test: &str) -> Option<Self> {
        Self::start_one(test, KeepsOver::End)
    }

    /// Starts a server that loses nothing that it has confirmed when it crashes: [`PostgresServer::stop`].
    ///
    /// # Panics
    /// Panics in the same cases as [`PostgresServer::start`].
    #[must_use]
    pub fn durable(test: &str) -> Option<Self> {
        Self::start_one(test, KeepsOver::Crash)
    }

    /// Starts a server with PostgreSQL's default settings: a commit waits for the disk.
    ///
    /// # Panics
    /// Panics in the same cases as [`PostgresServer::start`].
    #[must_use]
    pub fn by_default(test: &str) -> Option<Self> {
        Self::start_one(test, KeepsOver::PowerCut)
    }

    fn start_one(test: &str, keeps: KeepsOver) -> Option<Self> {
        let server = Programs::find().map(|found| Self::start_with(found, keeps));
        if server.is_none() {
            pass_over(test, NAME);
        }
        server
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Panics
    /// Panics if it cannot be created.
    pub fn create_database(&self) -> String {
        let name = format!("it_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut psql = Command::new(self.programs.bin.join("psql"));
        psql.args(["-h", "127.0.0.1", "-U", USER, "-d", "postgres", "-qc", &format!("CREATE DATABASE {name}")]);
        run(psql.arg("-p").arg(self.port.to_string()));
        self.url_of(&name)
    }

    /// Returns the port on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL of the database that each server has.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Ends the server as a crash would.
    ///
    /// # Panics
    /// Panics if it does not run.
    pub fn stop(&self) {
        run(&mut self.programs.stop(&self.data));
    }

    /// Starts the server after [`PostgresServer::stop`], at the same URL.
    ///
    /// # Panics
    /// Panics if it does not start.
    pub fn start_again(&self) {
        run(&mut self.programs.start(&self.data, self.port, self.keeps));
    }

    fn start_with(programs: Programs, keeps: KeepsOver) -> Self {
        let folder = tempfile::Builder::new().prefix("it-postgres-").tempdir().expect("a temporary folder").keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("permissions of a folder of our own");
        let data = folder.join("data");
        // A separate process group keeps Ctrl-C away from the lifeline, which must briefly outlive the tests.
        let mut lifeline = Command::new("sh");
        lifeline.args(["-c", LIFELINE, "lifeline"]).arg(&folder).process_group(0);
        let stop = programs.stop(&data);
        lifeline.arg(stop.get_program()).args(stop.get_args());
        lifeline.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let lifeline = lifeline.spawn().expect("sh");
        run(&mut programs.init(&data));
        let server = Self { programs, data, port: free_port(), keeps, databases: AtomicUsize::new(1), lifeline };
        server.start_again();
        server
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.lifeline.stdin.take());
        let _ = self.lifeline.wait();
    }
}

/// PostgreSQL's programs, in one folder.
#[derive(Debug)]
struct Programs {
    bin: PathBuf,
}

impl Programs {
    /// Finds them in Debian's folder of the newest version, else on the `PATH`.
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut debian: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
        debian.sort();
        let complete =
            |bin: &PathBuf| ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| bin.join(name).exists());
        let bin = debian.into_iter().rev().chain(std::env::split_paths(&path)).find(complete)?;
        Some(Self { bin })
    }

    fn init(&self, data: &Path) -> Command {
        let mut command = self.command("initdb", data);
        command.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        command
    }

    /// Returns the command that starts the server. It ends when the server accepts connections.
    fn start(&self, data: &Path, port: u16, keeps: KeepsOver) -> Command {
        let [sync, commit, pages] = keeps.settings();
        let settings = [
            "listen_addresses=127.0.0.1",
            &format!("port={port}"),
            "unix_socket_directories=",
            "max_connections=1000",
            sync,
            commit,
            pages,
        ];
        let mut command = self.command("pg_ctl", data);
        command.args(["start", "--wait", "--timeout=60", "--log"]).arg(data.with_file_name("log"));
        command.arg("--options").arg(settings.map(|setting| format!("-c {setting}")).join(" "));
        command
    }

    fn stop(&self, data: &Path) -> Command {
        let mut command = self.command("pg_ctl", data);
        command.args(["stop", "--wait", "--mode=immediate"]);
        command
    }

    fn command(&self, program: &str, data: &Path) -> Command {
        let program = self.bin.join(program);
        let as_root =
            data.parent().and_then(|folder| fs::metadata(folder).ok()).is_some_and(|folder| folder.uid() == 0);
        let mut command = if as_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(data).env("LC_ALL", "C");
        command
    }
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
