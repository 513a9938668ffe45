//! A PostgreSQL server of the run's own, where the machine has the programs.

use std::{
    collections::BTreeMap,
    fs,
    io::{Write, stderr},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Binaries,
    ports::free_port,
    process::{Process, Program},
    run_dir::run_dir,
};

/// The user that the server runs as when the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The run's PostgreSQL server.
#[derive(Debug)]
pub struct PostgresServer {
    bin: PathBuf,
    port: u16,
    databases: AtomicUsize,
    _process: Mutex<Process>,
}

impl PostgresServer {
    /// The run's server, started at the first call. Where PostgreSQL is not installed: `None`, and the run says that it
    /// passes `test` over.
    ///
    /// # Panics
    /// When PostgreSQL is installed and does not start.
    pub fn get(binaries: &Binaries, test: &str) -> Option<&'static Self> {
        static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Some(Self::start(binaries, find()?))).as_ref();
        if server.is_none() {
            // Not eprintln!: what that prints is shown for failed tests only. One write, so that lines stay whole.
            let line = format!("\npassed over, as PostgreSQL is not installed: {test}\n");
            let _ = stderr().write_all(line.as_bytes());
        }
        server
    }

    /// The URL of a fresh, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn create_database(&self) -> String {
        let name = format!("it_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = self.sql("postgres", &format!("CREATE DATABASE {name}"));
        assert!(made.is_ok(), "{made:?}");
        format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port)
    }

    fn start(binaries: &Binaries, bin: PathBuf) -> Self {
        let dir = run_dir(binaries).join("postgresql");
        fs::create_dir(&dir).expect("a folder in the run's folder");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).expect("permissions of a folder of our own");
        let as_root = fs::metadata(&dir).is_ok_and(|dir| dir.uid() == 0);
        let data = dir.join("data");
        init(&bin, &data, as_root);
        let port = free_port();
        let [program, arguments @ ..] = &serve(&bin, &data, &dir, port, as_root)[..] else { unreachable!() };
        let process = Process::start(&Program {
            supervisor: binaries.supervisor.clone(),
            path: program.into(),
            arguments: arguments.to_vec(),
            environment: BTreeMap::from([("LC_ALL".to_owned(), "C".to_owned())]),
            log: dir.join("log"),
        });
        let server = Self { bin, port, databases: AtomicUsize::new(1), _process: Mutex::new(process) };
        server.await_ready();
        server
    }

    fn await_ready(&self) {
        let begun = Instant::now();
        while let Err(error) = self.sql("postgres", "SELECT 1") {
            let ended = self._process.lock().unwrap_or_else(PoisonError::into_inner).ended();
            assert!(
                ended.is_none() && begun.elapsed() < READY_WITHIN,
                "PostgreSQL does not start ({ended:?}): {error}"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn sql(&self, database: &str, statement: &str) -> Result<(), String> {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-h", "127.0.0.1", "-U", USER, "-d", database, "-qc", statement]);
        run(command.arg("-p").arg(self.port.to_string()))
    }
}

/// Where the server's programs are: on the `PATH`, or where Debian puts the newest version's.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut debian: Vec<PathBuf> = debian.map(|version| version.join("bin")).collect();
    debian.sort();
    let complete = |bin: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| bin.join(name).exists());
    debian.into_iter().rev().chain(std::env::split_paths(&path)).find(complete)
}

fn init(bin: &Path, data: &Path, as_root: bool) {
    let initdb = bin.join("initdb").display().to_string();
    let data = data.display().to_string();
    let words = ["-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D", &data];
    let words = std::iter::once(initdb).chain(words.map(str::to_owned));
    let words: Vec<String> = if as_root { as_user().into_iter().chain(words).collect() } else { words.collect() };
    let made = run(Command::new(&words[0]).args(&words[1..]));
    assert!(made.is_ok(), "initdb: {made:?}");
}

/// The command line of the server: fast rather than safe, as its data is thrown away.
fn serve(bin: &Path, data: &Path, sockets: &Path, port: u16, as_root: bool) -> Vec<String> {
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories={}", sockets.display()),
        "max_connections=1000".to_owned(),
        "fsync=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "full_page_writes=off".to_owned(),
    ];
    let mut words = if as_root { as_user() } else { Vec::new() };
    words.extend([bin.join("postgres").display().to_string(), "-D".to_owned(), data.display().to_string()]);
    words.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    words
}

fn as_user() -> Vec<String> {
    ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"].map(str::to_owned).to_vec()
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
