//! Configuration of the api.

use process_manager_client::http::without_credentials;
use service_kit::{ConfigError, env_opt, env_or, env_url};
use url::Url;

/// Variable that sets the address to listen on.
pub(crate) const ADDR_VARIABLE: &str = "API_ADDR";

/// Addresses of the api and of the programs that it calls. Temporal has its own configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `API_ADDR`: address to listen on (host:port); 127.0.0.1:8080 by default.
    pub addr: String,
    /// `BILLING_URL`: URL of Billing; <http://127.0.0.1:8081> by default.
    pub billing_url: Url,
    /// `BILLING_PUBLIC_URL`: URL of Billing for clients, to which answers link; `BILLING_URL` without credentials by
    /// default.
    pub billing_public_url: Option<Url>,
    /// `REPORTS_URL`: URL of Reports, for the console; <http://127.0.0.1:8082> by default.
    pub reports_url: Url,
    /// `CONTRACTS_URL`: URL of Contracts; <http://127.0.0.1:8085> by default.
    pub contracts_url: Url,
    /// `TEMPORAL_UI_URL`: URL of Temporal's Web UI, for links to it; none by default.
    pub temporal_ui_url: Option<Url>,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Returns [`ConfigError`], which names the variable, if a value is invalid.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            addr: env_or(ADDR_VARIABLE, "127.0.0.1:8080".to_owned())?,
            billing_url: env_url("BILLING_URL", "http://127.0.0.1:8081")?,
            billing_public_url: env_opt("BILLING_PUBLIC_URL")?,
            reports_url: env_url("REPORTS_URL", "http://127.0.0.1:8082")?,
            contracts_url: env_url("CONTRACTS_URL", "http://127.0.0.1:8085")?,
            temporal_ui_url: env_opt("TEMPORAL_UI_URL")?,
        })
    }
}

impl Config {
    /// Returns the URL of Billing to which answers link.
    #[must_use]
    pub(crate) fn billing_for_clients(&self) -> Url {
        public(self.billing_public_url.as_ref().unwrap_or(&self.billing_url))
    }

    /// Returns the URL of Temporal's Web UI to which answers and pages link.
    #[must_use]
    pub(crate) fn temporal_ui_for_clients(&self) -> Option<Url> {
        self.temporal_ui_url.as_ref().map(public)
    }
}

/// Returns a URL to which answers link: without user, password, query and fragment.
#[must_use]
fn public(url: &Url) -> Url {
    let mut url = without_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_link_to_what_clients_know_without_our_credentials() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let mut config = Config {
            addr: String::new(),
            billing_url: url("http://svc:s3cret@billing:8081"),
            billing_public_url: None,
            reports_url: url("http://reports"),
            contracts_url: url("http://contracts"),
            temporal_ui_url: Some(url("https://me:s3cret@temporal.example/ui")),
        };
        assert_eq!(config.billing_for_clients(), url("http://billing:8081"));
        assert_eq!(config.temporal_ui_for_clients(), Some(url("https://temporal.example/ui")));
        config.billing_public_url = Some(url("https://me:s3cret@billing.example/base"));
        assert_eq!(config.billing_for_clients(), url("https://billing.example/base"));
    }

    #[test]
    fn a_url_that_answers_link_to_has_no_secrets() {
        let shown = |url: &str| public(&url.parse().unwrap()).to_string();
        assert_eq!(shown("http://svc:s3cret@billing:8081/base?token=x#y"), "http://billing:8081/base");
        assert_eq!(shown("https://token@billing"), "https://billing/");
        assert_eq!(shown("http://billing:8081"), "http://billing:8081/");
    }
}
