//! Runs one program for the harness and ends it when the harness dies, for whatever reason.
//!
//! `it-supervisor run <log file> <program> <argument>…` starts the program in its own process group and appends its
//! output to the log file. It prints `pid <n>`, then, once the program has ended, `exit <code>` or `signal <n>`. Each
//! line on stdin names a signal for the program (`TERM`, `INT`, `KILL`, `STOP`, `CONT`). The end of stdin, which is how
//! the death of the harness shows here, kills the whole group.
//!
//! `it-supervisor remove <folder>` waits for the end of stdin and then removes the folder.

use std::{
    error::Error,
    fs::OpenOptions,
    io::{BufRead, Write, stdin, stdout},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Command, ExitCode, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["run", log, program, arguments @ ..] => run(log, program, arguments),
        ["remove", folder] => remove(Path::new(folder)),
        _ => Err("usage: it-supervisor run <log file> <program> <argument>… | remove <folder>".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stdout(), "error {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(log: &str, program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    let mut child = Command::new(program)
        .args(arguments)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let pid = Pid::from_child(&child);
    say(&format!("pid {}", child.id()));
    thread::spawn(move || obey(pid));
    let status = child.wait()?;
    say(&status.signal().map_or(format!("exit {}", status.code().unwrap_or(-1)), |signal| format!("signal {signal}")));
    // Whatever the program has left behind ends with this process at the end of stdin.
    thread::sleep(Duration::MAX);
    Ok(())
}

/// Passes signals on until stdin ends, then ends the program, everything that it started, and this process.
fn obey(pid: Pid) {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let signal = match line.as_str() {
            "TERM" => Signal::TERM,
            "INT" => Signal::INT,
            "KILL" => Signal::KILL,
            "STOP" => Signal::STOP,
            "CONT" => Signal::CONT,
            _ => continue,
        };
        let _ = kill_process(pid, signal);
    }
    let _ = kill_process_group(pid, Signal::KILL);
    std::process::exit(0);
}

fn remove(folder: &Path) -> Result<(), Box<dyn Error>> {
    while stdin().lock().lines().next().is_some() {}
    // The processes that write there are being killed at this very moment.
    for _ in 0..50 {
        if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{} cannot be removed", folder.display()).into())
}

/// Prints a line. The harness may already be gone; the error then reaches no reader.
fn say(line: &str) {
    let mut out = stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
