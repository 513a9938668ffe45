//! Reports' configuration.

use service_kit::{ConfigError, DatabaseUrl, env_opt, env_or};
use url::Url;

/// The variable that sets where Reports listens.
pub(crate) const ADDR_VARIABLE: &str = "REPORTS_ADDR";
const DATABASE_VARIABLE: &str = "REPORTS_DATABASE_URL";
const DATABASE_FILE: &str = "reports.db";
const BILLING_VARIABLE: &str = "BILLING_URL";
const DEFAULT_BILLING: &str = "http://127.0.0.1:8081";

/// Reports' configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port` to listen on; port 0 takes a free one.
    pub addr: String,
    /// Where the reports are.
    pub database: DatabaseUrl,
    /// Where Billing is, whose log is followed.
    pub billing_url: Url,
}

impl Config {
    /// From `REPORTS_ADDR` (default `127.0.0.1:8082`), `REPORTS_DATABASE_URL` (default: `reports.db` in `DATA_DIR`) and
    /// `BILLING_URL` (default `http://127.0.0.1:8081`).
    ///
    /// # Errors
    /// Names the variable that does not do.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env(DATABASE_VARIABLE, DATABASE_FILE)?)
    }

    /// As [`Config::from_env`], with `DATABASE_URL` in the place of an absent `REPORTS_DATABASE_URL`: for a program that
    /// hosts nothing but Reports.
    ///
    /// # Errors
    /// Names the variable that does not do.
    pub fn from_env_alone() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env_alone(DATABASE_VARIABLE, DATABASE_FILE)?)
    }

    fn with_database(database: DatabaseUrl) -> Result<Self, ConfigError> {
        let billing_url = match env_opt(BILLING_VARIABLE)? {
            Some(url) => url,
            None => DEFAULT_BILLING.parse().map_err(|error: url::ParseError| ConfigError {
                variable: BILLING_VARIABLE.to_owned(),
                value: DEFAULT_BILLING.to_owned(),
                reason: error.to_string(),
            })?,
        };
        Ok(Self { addr: env_or(ADDR_VARIABLE, "127.0.0.1:8082".to_owned())?, database, billing_url })
    }
}
