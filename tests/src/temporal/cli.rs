//! The real `temporal` command.

use std::process::Stdio;

use test_support::temporal_cli;
use tokio::process::Command;

use super::Temporal;

/// Messages of the CLI if the server is too busy to answer.
const BUSY: [&str; 2] = ["Workflow is busy", "context deadline exceeded"];
/// Number of attempts for a call that meets a busy server.
const ATTEMPTS: usize = 5;

/// The output of a run of the CLI.
#[derive(Debug, Clone)]
pub struct CliOutput {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl CliOutput {
    /// Returns the standard output of a run that ended with 0.
    ///
    /// # Panics
    /// Panics if it ended in another way.
    #[track_caller]
    #[must_use]
    pub fn ok(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        &self.stdout
    }

    /// Returns the standard output as JSON, of a run with `--output json` that ended with 0.
    ///
    /// # Panics
    /// Panics if it ended in another way, or printed something else.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.ok()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Temporal {
    /// Runs `temporal <words>` in this namespace, as an operator would. Repeats it if the server is busy.
    ///
    /// # Panics
    /// Panics if the CLI cannot be run.
    pub async fn cli(&self, words: &[&str]) -> CliOutput {
        let mut output = self.cli_once(words).await;
        for _ in 0..ATTEMPTS {
            if !BUSY.iter().any(|busy| output.stderr.contains(busy)) {
                break;
            }
            output = self.cli_once(words).await;
        }
        output
    }

    async fn cli_once(&self, words: &[&str]) -> CliOutput {
        let mut command = Command::new(temporal_cli());
        command.args(words).args(["--address", self.address(), "--namespace", self.namespace()]);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", "/nonexistent");
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("the Temporal CLI runs");
        CliOutput {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
