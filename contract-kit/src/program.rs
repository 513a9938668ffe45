//! The command line.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser;
use futures::FutureExt;
use tokio::process::Command;
use url::Url;

use crate::{Kind, Restart, check};

/// Tells whether a service keeps the contract that the process managers rely on (docs/CONTRACT.md).
///
/// It makes documents, accounts, customers and contracts of its own, whose ids begin with contract-kit-, and touches no
/// others. It cannot delete them: use a test system, and no worker that follows it, as a worker would act on them.
///
/// It ends with 0 if no rule is broken, with 1 if one is or the check could not come to its end, and with 2 if the
/// arguments are unusable.
#[derive(Debug, Parser)]
#[command(name = "contract-kit", version, arg_required_else_help = true)]
struct Options {
    /// Check the Billing at this address, such as <http://127.0.0.1:8081>
    #[arg(long, value_name = "URL", value_parser = url)]
    billing: Option<Url>,
    /// Check the Reports at this address; with --billing, the Billing that it follows, also rules R5 and R6
    #[arg(long, value_name = "URL", value_parser = url)]
    reports: Option<Url>,
    /// Check the Accounts at this address
    #[arg(long, value_name = "URL", value_parser = url)]
    accounts: Option<Url>,
    /// Check the Contracts at this address
    #[arg(long, value_name = "URL", value_parser = url)]
    contracts: Option<Url>,
    /// Restart the services by this command of the shell, and check what has to outlive that
    #[arg(long, value_name = "COMMAND", conflicts_with = "wait_for_restart")]
    restart: Option<String>,
    /// Ask for a restart of the services, and check what has to outlive it
    #[arg(long)]
    wait_for_restart: bool,
}

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
    let url: Url = text.parse().map_err(|error: url::ParseError| error.to_string())?;
    let is_usable = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    if is_usable { Ok(url) } else { Err("it should look like http://127.0.0.1:8081".to_owned()) }
}

/// Runs a command of the shell to its end.
async fn run(command: String) -> Result<(), String> {
    let status = Command::new("sh").arg("-c").arg(&command).status().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the command of --restart ended with {status}")) }
}

/// Asks the operator, and awaits a line.
async fn ask() -> Result<(), String> {
    say("Restart the services now, then press Enter.\n");
    let line = tokio::task::spawn_blocking(|| io::stdin().read_line(&mut String::new())).await;
    match line {
        Ok(Ok(1..)) => Ok(()),
        Ok(Ok(0)) => Err("the input ended before a line said that the services were restarted".to_owned()),
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
            // Help was asked for, or there was nothing to do.
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let services = options.services();
    if services.is_empty() {
        say("Name a service: --billing URL, --reports URL, --accounts URL or --contracts URL.\n");
        return ExitCode::from(2);
    }
    let reports = check(&services, options.restart()).await;
    for report in &reports {
        say(&report.to_string());
    }
    let broken: usize = reports.iter().map(|report| report.broken().len()).sum();
    if broken > 0 {
        say(
            "Is a worker following a service that was checked? It acts on the documents of the kit: stop it, and try again.\n",
        );
    }
    if reports.iter().all(crate::Report::is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A reader that is gone changes no verdict.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
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
}
