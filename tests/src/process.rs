//! A child process that cannot outlive the tests.

use std::{
    collections::BTreeMap,
    fmt,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    thread,
};

use tokio::sync::watch;

use crate::within_a_stall;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Exit(i32),
    /// By a signal, of this number.
    Signal(i32),
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The supervisor's binary, `it-supervisor`.
    pub supervisor: PathBuf,
    /// The program's binary.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment, except for `PATH`.
    pub environment: BTreeMap<String, String>,
    /// File to which its output is appended.
    pub log: PathBuf,
}

/// A running (or ended) child process under `it-supervisor`, which kills it when this value or the whole test process
/// is gone.
pub struct Process {
    supervisor: std::process::Child,
    orders: Option<ChildStdin>,
    pid: u32,
    ended: watch::Receiver<Option<Ended>>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("pid", &self.pid).field("ended", &*self.ended.borrow()).finish_non_exhaustive()
    }
}

impl Process {
    /// Starts the program.
    ///
    /// # Panics
    /// Panics if it cannot be started.
    #[must_use]
    pub fn start(program: &Program) -> Self {
        let mut command = Command::new(&program.supervisor);
        command.arg("run").arg(&program.log).arg(&program.path).args(&program.arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(&program.environment);
        let mut supervisor = supervise(&mut command);
        let orders = supervisor.stdin.take();
        let mut lines =
            BufReader::new(supervisor.stdout.take().expect("stdout is piped")).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        let pid = first.strip_prefix("pid ").and_then(|pid| pid.parse().ok());
        let pid = pid.unwrap_or_else(|| panic!("{} was not started: {first}", program.path.display()));
        let (sender, ended) = watch::channel(None);
        thread::spawn(move || {
            for line in lines {
                sender.send_replace(parse_end(&line));
            }
        });
        Self { supervisor, orders, pid, ended }
    }

    /// Returns the program's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns how the program ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        *self.ended.borrow()
    }

    /// Sends a signal: `TERM`, `INT`, `KILL`, `STOP` or `CONT`. Has no effect on a program that has ended.
    pub fn signal(&mut self, name: &str) {
        if let Some(orders) = &mut self.orders {
            let _ = writeln!(orders, "{name}").and_then(|()| orders.flush());
        }
    }

    /// Waits for the program's end.
    ///
    /// # Panics
    /// Panics if it has not ended after a [`STALL`](crate::STALL).
    pub async fn wait(&mut self) -> Ended {
        let what = format!("the end of process {}", self.pid);
        let ended = within_a_stall(&what, self.ended.wait_for(Option::is_some)).await;
        ended.ok().and_then(|ended| *ended).expect("the supervisor says how the program ended")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.supervisor.wait();
    }
}

/// Ensures that the folder is removed when the test process is gone.
pub(crate) fn remove_at_the_end(supervisor: &Path, folder: &Path) -> std::process::Child {
    supervise(Command::new(supervisor).arg("remove").arg(folder))
}

/// Starts the supervisor in its own process group. That keeps Ctrl-C away from it, because it must briefly outlive the
/// tests.
fn supervise(command: &mut Command) -> std::process::Child {
    let spawned = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    spawned.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()))
}

fn parse_end(line: &str) -> Option<Ended> {
    let (word, number) = line.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "exit" => Some(Ended::Exit(number)),
        "signal" => Some(Ended::Signal(number)),
        _ => None,
    }
}
