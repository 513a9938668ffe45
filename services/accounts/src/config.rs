//! Accounts' configuration.

use service_kit::{ConfigError, DatabaseUrl, env_or};

/// The variable that sets where Accounts listens.
pub(crate) const ADDR_VARIABLE: &str = "ACCOUNTS_ADDR";
const DATABASE_VARIABLE: &str = "ACCOUNTS_DATABASE_URL";
const DATABASE_FILE: &str = "accounts.db";

/// Accounts' configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port` to listen on; port 0 takes a free one.
    pub addr: String,
    /// Where the accounts and transfers are.
    pub database: DatabaseUrl,
}

impl Config {
    /// From `ACCOUNTS_ADDR` (default `127.0.0.1:8084`) and `ACCOUNTS_DATABASE_URL` (default: `accounts.db` in `DATA_DIR`).
    ///
    /// # Errors
    /// Names the variable that does not do.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env(DATABASE_VARIABLE, DATABASE_FILE)?)
    }

    /// As [`Config::from_env`], with `DATABASE_URL` in the place of an absent `ACCOUNTS_DATABASE_URL`: for a program that
    /// hosts nothing but Accounts.
    ///
    /// # Errors
    /// Names the variable that does not do.
    pub fn from_env_alone() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env_alone(DATABASE_VARIABLE, DATABASE_FILE)?)
    }

    fn with_database(database: DatabaseUrl) -> Result<Self, ConfigError> {
        Ok(Self { addr: env_or(ADDR_VARIABLE, "127.0.0.1:8084".to_owned())?, database })
    }
}
