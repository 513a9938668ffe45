//! Configuration of the worker.

use std::{str::FromStr, time::Duration};

use messages::confirmation::ConfirmationTimes;
use service_kit::{ConfigError, env_or, env_url};
use url::Url;

/// Variable that sets the address to listen on.
pub(crate) const ADDR_VARIABLE: &str = "WORKER_ADDR";
/// Delay of each command with `SLOW_DOWN=1`.
const SLOW: Duration = Duration::from_secs(3);

/// Addresses of the worker and of the services. Temporal has its own configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `WORKER_ADDR`: address (host:port) of health and metrics; 127.0.0.1:8083 by default.
    pub addr: String,
    /// `BILLING_URL`: URL of Billing; <http://127.0.0.1:8081> by default.
    pub billing_url: Url,
    /// `REPORTS_URL`: URL of Reports; <http://127.0.0.1:8082> by default.
    pub reports_url: Url,
    /// `ACCOUNTS_URL`: URL of Accounts; <http://127.0.0.1:8084> by default.
    pub accounts_url: Url,
    /// `CONTRACTS_URL`: URL of Contracts; <http://127.0.0.1:8085> by default.
    pub contracts_url: Url,
    /// `REMIND_EVERY` and `CONFIRM_WITHIN`: 7 and 30 days by default. A confirmation keeps the values with which it
    /// began.
    pub confirmation: ConfirmationTimes,
    /// `SLOW_DOWN=1`: delays each command by 3 s, so that you can watch it; zero by default.
    pub slow_down: Duration,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names the variable, if a value is invalid.
    pub fn from_env() -> Result<Self, ConfigError> {
        let times = ConfirmationTimes::default();
        let Switch(slow) = env_or("SLOW_DOWN", Switch(false))?;
        Ok(Self {
            addr: env_or(ADDR_VARIABLE, "127.0.0.1:8083".to_owned())?,
            billing_url: env_url("BILLING_URL", "http://127.0.0.1:8081")?,
            reports_url: env_url("REPORTS_URL", "http://127.0.0.1:8082")?,
            accounts_url: env_url("ACCOUNTS_URL", "http://127.0.0.1:8084")?,
            contracts_url: env_url("CONTRACTS_URL", "http://127.0.0.1:8085")?,
            confirmation: ConfirmationTimes {
                remind_every: env_or("REMIND_EVERY", times.remind_every)?,
                confirm_within: env_or("CONFIRM_WITHIN", times.confirm_within)?,
            },
            slow_down: if slow { SLOW } else { Duration::ZERO },
        })
    }
}

struct Switch(bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1" | "true" => Ok(Self(true)),
            "0" | "false" => Ok(Self(false)),
            _ => Err("it must be 1 or 0"),
        }
    }
}
