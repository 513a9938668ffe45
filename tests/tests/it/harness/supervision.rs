//! No process outlives the tests.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use tests::{Ended, Process, Program, binaries, eventually};

fn shell(script: &str) -> Program {
    let log = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
    Program {
        supervisor: binaries!().supervisor,
        path: "/bin/sh".into(),
        arguments: vec!["-c".to_owned(), script.to_owned()],
        environment: [("GREETING".to_owned(), "hello".to_owned())].into(),
        log,
    }
}

async fn gone(pid: u32) {
    eventually("the process is gone", async || match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) if !stat.contains(") Z ") => Err(stat),
        _ => Ok(()),
    })
    .await;
}

#[tokio::test]
async fn a_process_logs_and_ends_with_its_exit_code() {
    let program = shell("echo $GREETING; exit 7");
    let mut process = Process::start(&program);
    assert_eq!(process.wait().await, Ended::Exit(7));
    assert_eq!(std::fs::read_to_string(&program.log).unwrap(), "hello\n");
    std::fs::remove_file(program.log).unwrap();
}

#[tokio::test]
async fn a_process_is_killed_by_order() {
    let program = shell("sleep 1000");
    let mut process = Process::start(&program);
    process.signal("KILL");
    assert_eq!(process.wait().await, Ended::Signal(9));
    std::fs::remove_file(program.log).unwrap();
}

#[tokio::test]
async fn a_process_and_its_children_end_when_it_is_dropped() {
    let program = shell("sleep 1000 & echo $!; wait");
    let process = Process::start(&program);
    let child = eventually("the child's id", async || {
        let log = std::fs::read_to_string(&program.log).unwrap();
        log.trim().parse::<u32>().map_err(|_| log)
    })
    .await;
    let pid = process.pid();
    drop(process);
    gone(pid).await;
    gone(child).await;
    std::fs::remove_file(program.log).unwrap();
}

/// `holder` stands for the test process: only it has the other end of the supervisor's stdin.
#[tokio::test]
async fn a_process_ends_when_the_tests_are_killed() {
    let program = shell("");
    let mut holder = Command::new("/bin/sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
    let mut command = Command::new(&program.supervisor);
    command.arg("run").arg(&program.log).args(["/bin/sleep", "1000"]);
    command.stdin(holder.stdout.take().unwrap()).stdout(Stdio::piped());
    let mut supervisor = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pid = line.trim().strip_prefix("pid ").unwrap().parse().unwrap();
    holder.kill().unwrap();
    gone(pid).await;
    holder.wait().unwrap();
    supervisor.wait().unwrap();
    std::fs::remove_file(program.log).unwrap();
}
