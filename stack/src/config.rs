//! Options and environment variables of `cargo run`.

use std::path::PathBuf;

use accounts::Accounts;
use billing::Billing;
use clap::Parser;
use contracts::Contracts;
use reports::Reports;
use service_kit::{ConfigError, env_opt, env_or};
use url::Url;

use crate::addresses::url_of;

/// Ports above this have no room for the Web UI.
const MAX_TEMPORAL_PORT: u16 = u16::MAX - UI_PORT_OFFSET;
/// Distance of the dev server's Web UI port from its gRPC port.
const UI_PORT_OFFSET: u16 = 1000;

/// Runs the whole system on this machine: Temporal's dev server, Billing, Reports, Accounts, Contracts, the
/// worker and the api.
///
/// Ctrl-C ends all programs. The data stays in DATA_DIR, and the next run continues with it.
#[derive(Debug, Parser)]
#[command(name = "stack", version, after_help = VARIABLES)]
pub(crate) struct Options {
    /// Issue and void no documents, publish no reports, request no money transfers and open no contracts
    #[arg(long)]
    pub(crate) no_simulation: bool,
    /// Also change a customer's credit rating now and then, and sign and confirm the contracts that were revoked
    #[arg(long, conflicts_with = "no_simulation")]
    pub(crate) with_credit_changes: bool,
}

const VARIABLES: &str = "\
Environment variables (all of them: .env.example):
  API_ADDR, BILLING_ADDR, REPORTS_ADDR, WORKER_ADDR, ACCOUNTS_ADDR, CONTRACTS_ADDR
                         addresses (host:port) to listen on [127.0.0.1:8080, :8081, :8082, :8083, :8084, :8085]
  BILLING_URL, REPORTS_URL, ACCOUNTS_URL, CONTRACTS_URL
                         URLs of the services for other programs [the addresses above]
  BILLING_DATABASE_URL, REPORTS_DATABASE_URL, ACCOUNTS_DATABASE_URL, CONTRACTS_DATABASE_URL
                         PostgreSQL instead of SQLite files in DATA_DIR
  DATA_DIR               folder for all data [.data]
  TEMPORAL_PORT          port of the dev server; its Web UI listens on this port + 1000 [7233]
  TEMPORAL_CLI           path of the Temporal CLI [temporal on the PATH, else a download]
  TEMPORAL_ADDRESS       use this Temporal server and start none
  REMIND_EVERY           time between two reminders of a contract that was revoked [7d]
  CONFIRM_WITHIN         time in which it has to be confirmed [30d]
  SLOW_DOWN=1            delay each step of a voiding by 3 s
  RUST_LOG               log filter [info]";

/// Configuration of all programs.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) accounts: service_kit::Config<Accounts>,
    pub(crate) api: api::Config,
    pub(crate) billing: service_kit::Config<Billing>,
    pub(crate) contracts: service_kit::Config<Contracts>,
    pub(crate) reports: service_kit::Config<Reports>,
    pub(crate) worker: worker::Config,
    pub(crate) data_dir: PathBuf,
    pub(crate) temporal: Temporal,
}

/// The Temporal server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Temporal {
    /// The server that Temporal's environment configuration names.
    External,
    /// A dev server that the stack starts.
    Dev {
        /// Port for gRPC.
        port: u16,
        /// Port of its Web UI.
        ui_port: u16,
        /// The namespace.
        namespace: String,
    },
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names the variable, if a value is invalid.
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        let accounts = service_kit::Config::<Accounts>::from_env()?;
        let billing = service_kit::Config::<Billing>::from_env()?;
        let contracts = service_kit::Config::<Contracts>::from_env()?;
        let temporal = temporal()?;
        let mut api = api::Config::from_env()?;
        let mut reports = service_kit::Config::<Reports>::from_env()?;
        let mut worker = worker::Config::from_env()?;
        if env_opt::<Url>("BILLING_URL")?.is_none() {
            let url = url_of(&billing.addr, "BILLING_ADDR")?;
            api.billing_url = url.clone();
            reports.service = reports.service.and_follows(url.clone())?;
            worker.billing_url = url;
        }
        if env_opt::<Url>("REPORTS_URL")?.is_none() {
            let url = url_of(&reports.addr, "REPORTS_ADDR")?;
            api.reports_url = url.clone();
            worker.reports_url = url;
        }
        if env_opt::<Url>("ACCOUNTS_URL")?.is_none() {
            worker.accounts_url = url_of(&accounts.addr, "ACCOUNTS_ADDR")?;
        }
        if env_opt::<Url>("CONTRACTS_URL")?.is_none() {
            let url = url_of(&contracts.addr, "CONTRACTS_ADDR")?;
            api.contracts_url = url.clone();
            worker.contracts_url = url;
        }
        if let Temporal::Dev { ui_port, .. } = temporal
            && api.temporal_ui_url.is_none()
        {
            api.temporal_ui_url = Some(url_of(&format!("127.0.0.1:{ui_port}"), "TEMPORAL_PORT")?);
        }
        let data_dir = env_or("DATA_DIR", PathBuf::from(".data"))?;
        Ok(Self { accounts, api, billing, contracts, reports, worker, data_dir, temporal })
    }
}

fn temporal() -> Result<Temporal, ConfigError> {
    if env_opt::<String>("TEMPORAL_ADDRESS")?.is_some() {
        return Ok(Temporal::External);
    }
    let port = env_or("TEMPORAL_PORT", 7233)?;
    if port == 0 || port > MAX_TEMPORAL_PORT {
        return Err(ConfigError {
            variable: "TEMPORAL_PORT".into(),
            value: port.to_string(),
            reason: format!("it must be from 1 to {MAX_TEMPORAL_PORT}"),
        });
    }
    let namespace = env_or("TEMPORAL_NAMESPACE", "default".to_owned())?;
    Ok(Temporal::Dev { port, ui_port: port + UI_PORT_OFFSET, namespace })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_changes_are_a_part_of_the_simulation() {
        let options = |words: &[&str]| Options::try_parse_from([&["stack"], words].concat());
        assert!(!options(&[]).unwrap().with_credit_changes);
        assert!(options(&["--with-credit-changes"]).unwrap().with_credit_changes);
        let error = options(&["--with-credit-changes", "--no-simulation"]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
    }
}
