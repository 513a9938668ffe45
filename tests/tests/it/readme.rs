//! The README's walk-throughs: a test runs every line, and compares its output with the comments.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Output, Stdio},
};

use tests::{Component, Env, binaries, eventually, temporal_cli};
use tokio::process::Command;

const README: &str = include_str!("../../../README.md");
const WALKS: [&str; 3] = ["## Walk through with curl", "## The same with the Temporal CLI", "## Money transfer"];

/// A line of a walk-through, and its output as the comments below it say.
#[derive(Debug)]
struct Line {
    command: String,
    prints: String,
}

/// All ```sh blocks of one section.
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
    /// May be repeated: it only reads, and its output may lag behind.
    fn only_reads(&self) -> bool {
        let words: Vec<&str> = self.command.split(' ').collect();
        match words[..] {
            ["curl", ..] => !self.command.contains("--json") && !self.command.contains("-X"),
            ["temporal", "workflow", verb, ..] => ["query", "list", "describe", "show"].contains(&verb),
            _ => false,
        }
    }

    async fn run(&self, shell: &BTreeMap<&str, String>, env: &Env) -> Output {
        let command = ADDRESSES.iter().fold(self.command.clone(), |command, (address, component)| {
            command.replace(address, env.url(*component).strip_prefix("http://").unwrap())
        });
        let mut bash = Command::new("bash");
        bash.args(["-c", &command]).env_clear().envs(shell).stdin(Stdio::null());
        bash.output().await.unwrap_or_else(|error| panic!("bash: {error}"))
    }

    fn matches(&self, output: &Output) -> bool {
        output.status.success() && String::from_utf8_lossy(&output.stdout) == self.prints
    }
}

const ADDRESSES: [(&str, Component); 4] = [
    ("127.0.0.1:8080", Component::Api),
    ("127.0.0.1:8081", Component::Billing),
    ("127.0.0.1:8082", Component::Reports),
    ("127.0.0.1:8084", Component::Accounts),
];

/// The environment of a newcomer's shell, with the system's Temporal in the place of `cargo run`'s.
fn shell(env: &Env, bin: &Path) -> BTreeMap<&'static str, String> {
    symlink(temporal_cli(), bin.join("temporal")).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    BTreeMap::from([
        ("PATH", format!("{}:{path}", bin.display())),
        ("HOME", bin.display().to_string()),
        ("TEMPORAL_ADDRESS", env.temporal().address().to_owned()),
        ("TEMPORAL_NAMESPACE", env.temporal().namespace().to_owned()),
    ])
}

async fn require(tool: &str) {
    let found = Command::new(tool).arg("--version").output().await.is_ok_and(|output| output.status.success());
    assert!(found, "the README's walk-through needs {tool}: install it (Debian: apt-get install {tool}) and run again");
}

#[tokio::test]
async fn every_line_of_the_readmes_walk_throughs_prints_what_it_says() {
    for tool in ["bash", "curl", "jq"] {
        require(tool).await;
    }
    let lines: Vec<Line> = WALKS.iter().flat_map(|section| lines_of(section)).collect();
    let commands = |word: &str| lines.iter().filter(|line| line.command.starts_with(word)).count();
    assert!(commands("curl ") >= 10 && commands("temporal ") >= 5, "{lines:?}");
    let env = Env::builder(binaries!()).accounts().start().await;
    let bin = env.dir().join("bin");
    fs::create_dir(&bin).unwrap();
    let shell = shell(&env, &bin);
    for line in &lines {
        if !line.only_reads() {
            let output = line.run(&shell, &env).await;
            assert!(line.matches(&output), "{line:#?} printed {output:?}");
            continue;
        }
        eventually(&line.command, async || {
            let output = line.run(&shell, &env).await;
            if line.matches(&output) { Ok(()) } else { Err(format!("{line:#?} printed {output:?}")) }
        })
        .await;
    }
    env.assert_consistent().await;
    env.audit().await;
}
