//! Billing's configuration.

use service_kit::{ConfigError, DatabaseUrl, env_or};

/// The variable that sets where Billing listens.
pub(crate) const ADDR_VARIABLE: &str = "BILLING_ADDR";
const DATABASE_VARIABLE: &str = "BILLING_DATABASE_URL";
const DATABASE_FILE: &str = "billing.db";

/// Billing's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port` to listen on; port 0 takes a free one.
    pub addr: String,
    /// Where the documents are.
    pub database: DatabaseUrl,
}

impl Config {
    /// From `BILLING_ADDR` (default `127.0.0.1:8081`) and `BILLING_DATABASE_URL` (default: `billing.db` in `DATA_DIR`).
    ///
    /// # Errors
    /// Names the variable that does not do.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env(DATABASE_VARIABLE, DATABASE_FILE)?)
    }

    /// As [`Config::from_env`], with `DATABASE_URL` in the place of an absent `BILLING_DATABASE_URL`: for a program that
    /// hosts nothing but Billing.
    ///
    /// # Errors
    /// Names the variable that does not do.
    pub fn from_env_alone() -> Result<Self, ConfigError> {
        Self::with_database(DatabaseUrl::from_env_alone(DATABASE_VARIABLE, DATABASE_FILE)?)
    }

    fn with_database(database: DatabaseUrl) -> Result<Self, ConfigError> {
        Ok(Self { addr: env_or(ADDR_VARIABLE, "127.0.0.1:8081".to_owned())?, database })
    }
}
