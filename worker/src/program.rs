//! The program: hosts the workflows, or checks before an upgrade what this code would do with open instances.

use std::{
    io::{Write as _, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use process_manager_host::{connect::TemporalConfig, upgrade::UpgradeCheck};
use process_manager_wire::error_chain;
use service_kit::{exit, init_tracing, run_program, shutdown_signal};
use transfers::TransferMoney;
use workflows::{contract_confirmation::ContractConfirmation, credit_change::CreditChange, voiding::DocumentVoiding};

use crate::{Config, run};

/// Hosts the workflows, their activities and their subscriptions.
#[derive(Debug, Parser)]
#[command(name = "worker", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks before an upgrade what this code would do with the instances that are open.
    #[command(subcommand)]
    UpgradeCheck(Step),
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Writes the histories of open runs into a new folder.
    Download {
        folder: PathBuf,
        /// Histories of each workflow type at most, spread evenly over their age.
        #[arg(long, default_value_t = 1_000)]
        most: usize,
    },
    /// Writes beside each history what this code decides; for the code that is deployed.
    Record { folder: PathBuf },
    /// Compares what this code decides with what was recorded. Exits with 0 if all is the same, with 1 if some instances
    /// would decide otherwise, and with 2 if some cannot continue, or the check cannot be made.
    Check {
        folder: PathBuf,
        /// What changes with a new version is listed, and does not fail the check.
        #[arg(long)]
        accept_new_version: bool,
    },
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    run_program(program())
}

async fn program() -> ExitCode {
    match Arguments::parse().command {
        None => {
            init_tracing();
            exit(Box::pin(work()).await)
        }
        Some(Command::UpgradeCheck(step)) => match take(step).await {
            Ok((told, code)) => {
                let _ = writeln!(stdout(), "{told}");
                code.into()
            }
            Err(error) => {
                let _ = writeln!(stderr(), "{}", error_chain(error.as_ref()));
                2.into()
            }
        },
    }
}

async fn work() -> anyhow::Result<()> {
    let shutdown = shutdown_signal();
    let config = Config::from_env()?;
    let temporal = TemporalConfig::from_env()?;
    let Some(client) = shutdown.run_until_cancelled(temporal.connect_when_up()).await else { return Ok(()) };
    run(config, client?, shutdown).await
}

async fn take(step: Step) -> anyhow::Result<(String, u8)> {
    let check = upgrade_check();
    Ok(match step {
        Step::Download { folder, most } => {
            let client = TemporalConfig::from_env()?.connect().await?;
            let downloaded = check.download(&client, &folder, most).await?;
            let told =
                downloaded.iter().map(|it| format!("{}: {} of {} open runs", it.workflow_type, it.histories, it.open));
            (told.collect::<Vec<_>>().join("\n"), 0)
        }
        Step::Record { folder } => {
            (format!("what this code decides in {} histories is recorded", check.record(&folder)?), 0)
        }
        Step::Check { folder, accept_new_version } => {
            let check = if accept_new_version { check.accept_new_version() } else { check };
            let report = check.check(&folder)?;
            (report.to_string(), report.exit_code())
        }
    })
}

/// Returns the upgrade check for everything that this worker hosts.
#[must_use]
pub fn upgrade_check() -> UpgradeCheck {
    let check = UpgradeCheck::new().workflow::<DocumentVoiding>();
    check.manager::<TransferMoney>().manager::<ContractConfirmation>().manager::<CreditChange>()
}
