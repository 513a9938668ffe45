//! The README's walk-throughs: a test runs every line, and compares its output with the comments.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Output, Stdio},
};

use tests::{Component, Env, binaries, eventually};
use tokio::process::Command;

const README: &str = include_str!("../../../README.md");
const TOOLS: [&str; 3] = ["bash", "curl", "jq"];
const WALKS: [&str; 4] = [
    "## Walk through with curl",
    "## The same with the Temporal CLI",
    "## Money transfer",
    "## Credit change, and confirmation of each contract",
];

/// A line of a walk-through, and its output according to the comments below it.
#[derive(Debug)]
struct Line {
    command: String,
    prints: String,
}

/// Returns all ```sh blocks of one section.
fn lines_of(section: &str) -> Vec<Line> {
    let (_, rest) = README.split_once(section).unwrap_or_else(|| panic!("README.md has a section {section:?}"));
    let section = rest.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let mut lines: Vec<Line> = Vec::new();
    for text in blocks.flat_map(str::lines) {
        match text.strip_prefix("# ") {
            Some(printed) => lines.last_mut().unwrap().prints += &format!("{printed}\n"),
            None => lines.push(Line { command: text.to_owned(), prints: String::new() }),
        }
    }
    lines
}

impl Line {
    /// Returns whether it may be repeated because it only reads; its output may lag behind.
    fn only_reads(&self) -> bool {
        let words: Vec<&str> = self.command.split(' ').collect();
        match words[..] {
            ["curl", ..] => !self.command.contains("--json") && !self.command.contains("-X"),
            ["temporal", "workflow", verb, ..] => ["query", "list", "describe", "show"].contains(&verb),
            _ => false,
        }
    }

    fn matches(&self, output: &Output) -> bool {
        output.status.success() && String::from_utf8_lossy(&output.stdout) == self.prints
    }
}

const ADDRESSES: [(&str, Component); 5] = [
    ("127.0.0.1:8080", Component::Api),
    ("127.0.0.1:8081", Component::Billing),
    ("127.0.0.1:8082", Component::Reports),
    ("127.0.0.1:8084", Component::Accounts),
    ("127.0.0.1:8085", Component::Contracts),
];

/// A newcomer's machine: a folder in which `cargo run` has been, with the system's Temporal instead of its own.
struct Machine {
    folder: PathBuf,
    shell: BTreeMap<&'static str, String>,
}

impl Machine {
    /// Creates the machine. Its shell finds only the tools that the README requires, and above all no other `temporal`.
    async fn new(env: &Env) -> Self {
        let (folder, tools) = (env.dir().join("project"), env.dir().join("tools"));
        for folder in [&folder, &tools] {
            fs::create_dir(folder).unwrap();
        }
        for tool in TOOLS {
            symlink(installed(tool), tools.join(tool)).unwrap();
        }
        // As `cargo run` does when it starts.
        temporal_cli::find(&folder.join(".data")).await.unwrap();
        let shell = BTreeMap::from([
            ("PATH", tools.display().to_string()),
            ("HOME", folder.display().to_string()),
            ("TEMPORAL_ADDRESS", env.temporal().address().to_owned()),
            ("TEMPORAL_NAMESPACE", env.temporal().namespace().to_owned()),
        ]);
        Self { folder, shell }
    }

    async fn run(&self, line: &Line, env: &Env) -> Output {
        let command = ADDRESSES.iter().fold(line.command.clone(), |command, (address, component)| {
            command.replace(address, env.url(*component).strip_prefix("http://").unwrap())
        });
        self.bash(&command).await
    }

    async fn bash(&self, command: &str) -> Output {
        let mut bash = Command::new(installed("bash"));
        bash.args(["-c", command]).env_clear().envs(&self.shell).current_dir(&self.folder).stdin(Stdio::null());
        bash.output().await.unwrap_or_else(|error| panic!("bash: {error}"))
    }

    /// Keeps what a line sets for the lines below it.
    async fn keep_path(&mut self, line: &Line) {
        let output = self.bash(&format!("{}; printf %s \"$PATH\"", line.command)).await;
        assert!(output.status.success(), "{line:#?}: {output:?}");
        self.shell.insert("PATH", String::from_utf8(output.stdout).unwrap());
    }
}

fn installed(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("the README's walk-through needs {tool}: install it (Debian: apt-get install {tool}) and run again")
    })
}

#[tokio::test]
async fn every_line_of_the_readmes_walk_throughs_prints_what_it_says() {
    let lines: Vec<Line> = WALKS.iter().flat_map(|section| lines_of(section)).collect();
    let commands = |word: &str| lines.iter().filter(|line| line.command.starts_with(word)).count();
    assert!(commands("curl ") >= 10 && commands("temporal ") >= 5, "{lines:?}");
    let env = Env::builder(binaries!()).accounts().contracts().start().await;
    let mut machine = Machine::new(&env).await;
    let found = machine.bash("type temporal").await;
    assert!(!found.status.success(), "without the README's line there is none: {found:?}");
    for line in &lines {
        if line.command.starts_with("export PATH=") {
            machine.keep_path(line).await;
            continue;
        }
        if !line.only_reads() {
            let output = machine.run(line, &env).await;
            assert!(line.matches(&output), "{line:#?} printed {output:?}");
            continue;
        }
        eventually(&line.command, async || {
            let output = machine.run(line, &env).await;
            if line.matches(&output) { Ok(()) } else { Err(format!("{line:#?} printed {output:?}")) }
        })
        .await;
    }
    env.assert_consistent().await;
    env.audit().await;
}
