//! `cargo run` as its real program, with its own ports and folder.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    Binaries, Ended, Process, Program,
    calls::{Contracts, http},
    free_port, is_listened_on,
    run_dir::temp_dir,
    temporal_cli,
};

/// The programs that answer over HTTP.
const PROGRAMS: [&str; 6] = ["API", "BILLING", "REPORTS", "WORKER", "ACCOUNTS", "CONTRACTS"];
const ASK_EVERY: Duration = Duration::from_millis(5);

/// The stack, and the folder that it leaves when it is stopped.
#[derive(Debug)]
pub struct Machine {
    folder: TempDir,
    ports: BTreeMap<&'static str, u16>,
    program: Program,
    process: Option<Process>,
}

impl Machine {
    /// Returns an empty folder in which nothing runs. The programs get these variables as well.
    #[must_use]
    pub fn new(binaries: &Binaries, variables: &[(String, String)]) -> Self {
        let folder = temp_dir(binaries, "stack-");
        let mut ports: BTreeMap<_, _> = PROGRAMS.iter().map(|name| (*name, free_port())).collect();
        // The Web UI takes this port + 1000.
        let temporal = std::iter::repeat_with(free_port).find(|port| *port < 60_000 && !is_listened_on(port + 1000));
        ports.extend(temporal.map(|port| ("TEMPORAL", port)));
        let of_programs = PROGRAMS.iter().map(|name| (format!("{name}_ADDR"), format!("127.0.0.1:{}", ports[name])));
        let mut environment: BTreeMap<String, String> = of_programs.collect();
        let path = folder.path().display().to_string();
        environment.insert("TEMPORAL_PORT".to_owned(), ports["TEMPORAL"].to_string());
        environment.insert("TEMPORAL_CLI".to_owned(), temporal_cli().display().to_string());
        environment.insert("DATA_DIR".to_owned(), path.clone());
        environment.insert("HOME".to_owned(), path);
        environment.extend(variables.iter().cloned());
        let program = Program {
            supervisor: binaries.supervisor.clone(),
            path: binaries.stack.clone(),
            arguments: vec!["--no-simulation".to_owned()],
            environment,
            log: folder.path().join("stack.log"),
        };
        Self { folder, ports, program, process: None }
    }

    /// Starts the stack, and returns at once.
    pub fn spawn(&mut self) {
        self.process = Some(Process::start(&self.program));
    }

    /// Returns when the program can do its work (`/readyz`).
    ///
    /// # Panics
    /// Panics if the stack ends first.
    pub async fn ready(&self, program: &str) {
        let url = format!("{}/readyz", self.url(program));
        loop {
            let ended = self.process.as_ref().and_then(Process::ended);
            assert_eq!(ended, None, "{}", fs::read_to_string(&self.program.log).unwrap_or_default());
            if http().get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// Returns when all programs are ready.
    pub async fn all_ready(&self) {
        for program in PROGRAMS {
            self.ready(program).await;
        }
    }

    /// Ends the stack as Ctrl-C does.
    ///
    /// # Panics
    /// Panics if it does not run, or does not end properly.
    pub async fn stop(&mut self) {
        let mut process = self.process.take().expect("a stack that runs");
        process.signal("TERM");
        assert_eq!(process.wait().await, Ended::Exit(0));
    }

    /// Returns its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the URL of a program, such as `BILLING`, or of `TEMPORAL`.
    #[must_use]
    pub fn url(&self, program: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports[program])
    }

    /// Returns a client of Contracts.
    #[must_use]
    pub fn contracts(&self) -> Contracts {
        Contracts::new(self.url("CONTRACTS"))
    }

    /// Returns the process id of the stack.
    ///
    /// # Panics
    /// Panics if it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("a stack that runs").pid()
    }

    /// Returns the process id of its Temporal server, which a shell watches.
    ///
    /// # Panics
    /// Panics if there is none.
    #[must_use]
    pub fn temporal_pid(&self) -> u32 {
        let is_temporal = |pid: &u32| {
            let of = |file: &str| fs::read_link(format!("/proc/{pid}/{file}")).and_then(fs::canonicalize).ok();
            of("exe").is_some() && of("exe") == fs::canonicalize(temporal_cli()).ok()
        };
        descendants(self.pid()).into_iter().find(is_temporal).expect("a Temporal server")
    }
}

fn descendants(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|line| line.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect();
    children.iter().flat_map(|child| std::iter::once(*child).chain(descendants(*child))).collect()
}
