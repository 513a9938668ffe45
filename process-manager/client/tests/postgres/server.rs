//! A PostgreSQL server for one test, where the machine has the programs.

use std::{
    fs,
    io::{BufRead, BufReader, Write, stderr},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

/// The user that the server runs as when the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Stopped and removed with this value, or with the test process. Reached over a socket in its own folder, so that no
/// two tests can meet at one server.
pub(crate) struct Server {
    supervisor: Child,
    folder: PathBuf,
}

impl Server {
    /// Where PostgreSQL is not installed: `None`, and the run says that it passes `test` over.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let Some(bin) = find() else {
            // Not eprintln!: what that prints is shown for failed tests only.
            let _ = stderr().write_all(format!("\npassed over, as PostgreSQL is not installed: {test}\n").as_bytes());
            return None;
        };
        // The path of a socket must be short; some systems' folder for temporary files is not.
        let folder = Path::new("/tmp").join(format!("process-manager-{}", Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let as_root = fs::metadata(&folder).unwrap().uid() == 0;
        init(&bin, &folder, as_root);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/supervise.sh");
        let mut command = Command::new("sh");
        // A process group of its own keeps Ctrl-C away from the supervisor, which has to outlive the test.
        command.arg(script).arg(&folder).args(serve(&bin, &folder, as_root)).process_group(0);
        let supervisor = command.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let server = Self { supervisor, folder };
        server.ready().await;
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{socket}/postgres")
    }

    pub(crate) async fn pool(&self) -> PgPool {
        PgPool::connect(&self.url()).await.unwrap()
    }

    /// Ends the server as a crash would.
    pub(crate) fn stop(&mut self) {
        self.order("stop");
    }

    pub(crate) async fn start_again(&mut self) {
        self.order("start");
        self.ready().await;
    }

    fn order(&mut self, order: &str) {
        writeln!(self.supervisor.stdin.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        BufReader::new(self.supervisor.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n");
    }

    async fn ready(&self) {
        let begun = Instant::now();
        while let Err(error) = PgConnection::connect(&self.url()).await {
            assert!(begun.elapsed() < READY_WITHIN, "PostgreSQL does not start: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Where the server's programs are: where Debian puts the newest version's, or on the `PATH`.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    debian.sort();
    let complete = |bin: &PathBuf| ["initdb", "postgres"].iter().all(|name| bin.join(name).exists());
    debian.into_iter().rev().chain(std::env::split_paths(&path)).find(complete)
}

fn init(bin: &Path, folder: &Path, as_root: bool) {
    let mut command = command(bin, "initdb", as_root);
    command.extend(["-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D"].map(str::to_owned));
    command.push(folder.join("data").display().to_string());
    let output = Command::new(&command[0]).args(&command[1..]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn serve(bin: &Path, folder: &Path, as_root: bool) -> Vec<String> {
    let mut command = command(bin, "postgres", as_root);
    command.extend(["-D".to_owned(), folder.join("data").display().to_string()]);
    let settings = [
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories={}", folder.display()),
        // The machine does not crash, the server does.
        "fsync=off".to_owned(),
    ];
    command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    command
}

fn command(bin: &Path, program: &str, as_root: bool) -> Vec<String> {
    let program = bin.join(program).display().to_string();
    let user = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"].map(str::to_owned);
    user.into_iter().filter(|_| as_root).chain([program]).collect()
}
