//! URLs of the programs, and the lines that show them once everything runs.

use std::fmt::{self, Display};

use service_kit::ConfigError;
use url::Url;

use crate::config::{Config, Temporal};

/// Returns the URL under which this machine reaches a program that listens on `addr`, which `variable` has set.
///
/// # Errors
/// Returns [`ConfigError`] if `addr` is not host:port.
pub(crate) fn url_of(addr: &str, variable: &str) -> Result<Url, ConfigError> {
    let error = |reason: &str| ConfigError { variable: variable.into(), value: addr.into(), reason: reason.into() };
    let (host, port) = addr.rsplit_once(':').ok_or_else(|| error("it must be host:port"))?;
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        host => host,
    };
    let port: u16 = port.parse().map_err(|_| error("its port must be from 1 to 65535"))?;
    if port == 0 {
        // Other programs could not find it.
        return Err(error("its port must be from 1 to 65535"));
    }
    Url::parse(&format!("http://{host}:{port}")).map_err(|_| error("it must be host:port"))
}

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
        writeln!(f, "\nReady:")?;
        writeln!(f, "  Console            {api}")?;
        writeln!(f, "  Voidings (REST)    {api}voidings")?;
        writeln!(f, "  API documentation  {api}docs")?;
        writeln!(f, "  Billing            {billing}documents")?;
        writeln!(f, "  Reports            {reports}reports")?;
        writeln!(f, "  Accounts           {accounts}accounts")?;
        writeln!(f, "  Money transfers    {accounts}transfers")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_on_loopback() {
        for (addr, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
            ("[::]:8080", "http://[::1]:8080/"),
            ("localhost:8080", "http://localhost:8080/"),
        ] {
            assert_eq!(url_of(addr, "API_ADDR").unwrap().as_str(), url);
        }
    }

    #[test]
    fn what_is_no_address_names_its_variable() {
        for addr in ["8080", "localhost", "127.0.0.1:0", "127.0.0.1:99999", "a b:1", ":8080"] {
            let error = url_of(addr, "API_ADDR").unwrap_err();
            assert_eq!(error.variable, "API_ADDR", "{addr}");
        }
    }
}
