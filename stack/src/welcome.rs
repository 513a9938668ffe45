//! The lines that show the URL of each program.

use std::fmt::{self, Display};

use crate::{
    addresses::url_of,
    config::{Config, Temporal},
};

/// The welcome text: the URL of each program.
pub(crate) struct Welcome<'a>(pub(crate) &'a Config);

impl Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.0;
        let api = url_of(&config.api.addr, "API_ADDR").map_err(|_| fmt::Error)?;
        let worker = url_of(&config.worker.addr, "WORKER_ADDR").map_err(|_| fmt::Error)?;
        let reports = url_of(&config.reports.addr, "REPORTS_ADDR").map_err(|_| fmt::Error)?;
        let billing = url_of(&config.billing.addr, "BILLING_ADDR").map_err(|_| fmt::Error)?;
        let accounts = url_of(&config.accounts.addr, "ACCOUNTS_ADDR").map_err(|_| fmt::Error)?;
        let contracts = url_of(&config.contracts.addr, "CONTRACTS_ADDR").map_err(|_| fmt::Error)?;
        writeln!(f, "\nReady:")?;
        writeln!(f, "  Console            {api}")?;
        writeln!(f, "  Voidings (REST)    {api}voidings")?;
        writeln!(f, "  API documentation  {api}docs")?;
        writeln!(f, "  Billing            {billing}documents")?;
        writeln!(f, "  Reports            {reports}reports")?;
        writeln!(f, "  Accounts           {accounts}accounts")?;
        writeln!(f, "  Money transfers    {accounts}transfers")?;
        writeln!(f, "  Contracts          {contracts}contracts")?;
        writeln!(f, "  Worker             {worker}metrics")?;
        if let Some(ui) = &config.api.temporal_ui_url {
            writeln!(f, "  Temporal Web UI    {ui}")?;
        }
        if let Temporal::Dev { port, .. } = config.temporal {
            writeln!(f, "  Temporal           127.0.0.1:{port}")?;
        }
        writeln!(f, "  Data               {}", config.data_dir.display())?;
        writeln!(f, "Press Ctrl-C to stop.\n")
    }
}
