//! The command line.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{ArgGroup, Parser};
use futures::FutureExt;
use tokio::process::Command;
use url::Url;

use crate::{Kind, Report, Restart, check};

// Exit codes.
const BROKEN: u8 = 1;
const NOT_FINISHED: u8 = 2;

const AFTER_HELP: &str = "\
Exit codes:
  0  no rule is broken
  1  a rule is broken
  2  nothing is known to be broken, but the check could not be finished, or the arguments are invalid

Examples:
  contract-kit --billing http://127.0.0.1:8081
  contract-kit --billing http://127.0.0.1:8081 --reports http://127.0.0.1:8082 \\
      --restart 'systemctl restart billing reports'";

/// Checks whether a service keeps the contract that the process managers rely on (docs/CONTRACT.md).
///
/// It sends commands to the service and reads its log, as a process manager does. For each rule of the contract it says
/// whether the service keeps it; if not, what was sent, what was expected, and what came.
///
/// Use a test system. The kit creates documents, accounts, customers and contracts, whose ids begin with contract-kit-,
/// and cannot delete them; it changes no others. Stop the workers that follow the service, as they would act on them.
#[derive(Debug, Parser)]
#[command(name = "contract-kit", version, arg_required_else_help = true, after_help = AFTER_HELP)]
#[command(group = ArgGroup::new("services").args(SERVICES).required(true).multiple(true))]
struct Options {
    /// Check the Billing at this address
    #[arg(long, value_name = "URL", value_parser = url)]
    billing: Option<Url>,
    /// Check the Reports at this address; some of its rules also need --billing, the Billing that it follows
    #[arg(long, value_name = "URL", value_parser = url)]
    reports: Option<Url>,
    /// Check the Accounts at this address
    #[arg(long, value_name = "URL", value_parser = url)]
    accounts: Option<Url>,
    /// Check the Contracts at this address
    #[arg(long, value_name = "URL", value_parser = url)]
    contracts: Option<Url>,
    /// Run this shell command, which restarts the services, and check what has to outlive a restart
    #[arg(long, value_name = "COMMAND", conflicts_with = "wait_for_restart")]
    restart: Option<String>,
    /// Wait until you have restarted the services yourself, and check what has to outlive a restart
    #[arg(long)]
    wait_for_restart: bool,
}

const SERVICES: [&str; 4] = ["billing", "reports", "accounts", "contracts"];

impl Options {
    fn services(&self) -> BTreeMap<Kind, Url> {
        let named = [
            (Kind::Billing, &self.billing),
            (Kind::Reports, &self.reports),
            (Kind::Accounts, &self.accounts),
            (Kind::Contracts, &self.contracts),
        ];
        named.into_iter().filter_map(|(kind, url)| Some((kind, url.clone()?))).collect()
    }

    fn restart(&self) -> Option<Restart<'static>> {
        match &self.restart {
            Some(command) => Some(run(command.clone()).boxed()),
            None => self.wait_for_restart.then(|| ask().boxed()),
        }
    }
}

fn url(text: &str) -> Result<Url, String> {
    let url = text.parse().ok().filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    url.ok_or_else(|| "use a URL such as http://127.0.0.1:8081".to_owned())
}

/// Runs a shell command to its end.
async fn run(command: String) -> Result<(), String> {
    let status = Command::new("sh").arg("-c").arg(&command).status().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the command of --restart failed: {status}")) }
}

/// Asks the operator, and waits for a line.
async fn ask() -> Result<(), String> {
    tell("Restart the services now. When they run again, press Enter.");
    let line = tokio::task::spawn_blocking(|| io::stdin().read_line(&mut String::new())).await;
    match line {
        Ok(Ok(1..)) => Ok(()),
        Ok(Ok(0)) => Err("nobody said that the services were restarted: the input ended".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the program with the arguments of this process.
pub async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { NOT_FINISHED.into() } else { ExitCode::SUCCESS };
        }
    };
    let reports = check(&options.services(), options.restart(), tell).await;
    for report in &reports {
        say(&report.to_string());
    }
    let code = exit_code(&reports);
    if code == BROKEN {
        say("docs/CONTRACT.md states the rules. If a worker follows one of these services, stop it and check again.\n");
    }
    code.into()
}

fn exit_code(reports: &[Report]) -> u8 {
    if reports.iter().any(|report| !report.broken().is_empty()) {
        BROKEN
    } else if reports.iter().any(|report| report.ended.is_some()) {
        NOT_FINISHED
    } else {
        0
    }
}

/// Prints a text. If its reader is gone, that changes no verdict.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_cannot_be_used_are_refused() {
        let options = |words: &[&str]| Options::try_parse_from([&["contract-kit"], words].concat());
        assert!(options(&["--billing", "http://127.0.0.1:8081"]).unwrap().services().contains_key(&Kind::Billing));
        for words in [
            &["--billing", "127.0.0.1:8081"][..],
            &["--billing", "mailto:ada"],
            &["--billing"],
            &["--nonsense"],
            &["--restart", "true"],
            &["--billing", "http://a", "--restart", "true", "--wait-for-restart"],
        ] {
            assert!(options(words).unwrap_err().use_stderr(), "{words:?}");
        }
    }

    #[tokio::test]
    async fn a_restart_that_fails_says_so() {
        assert_eq!(run("true".to_owned()).await, Ok(()));
        assert!(run("exit 3".to_owned()).await.unwrap_err().contains("exit status: 3"));
    }

    #[test]
    fn a_broken_rule_counts_more_than_a_check_that_was_not_finished() {
        let report = |is_broken: bool, is_ended: bool| {
            let (kind, rule) = (Kind::Billing, crate::rules::ALL[0]);
            let verdict = if is_broken { crate::Verdict::Broken(Vec::new()) } else { crate::Verdict::Kept };
            let ended = is_ended.then(|| "it does not answer".to_owned());
            Report { kind, url: String::new(), run: String::new(), ended, verdicts: [(rule, verdict)].into() }
        };
        let code = |reports: &[(bool, bool)]| {
            exit_code(&reports.iter().map(|(is_broken, is_ended)| report(*is_broken, *is_ended)).collect::<Vec<_>>())
        };
        assert_eq!(code(&[(false, false)]), 0);
        assert_eq!(code(&[(false, false), (false, true)]), 2);
        assert_eq!(code(&[(false, true), (true, true)]), 1);
    }
}
