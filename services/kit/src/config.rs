//! Configuration from environment variables.

use std::{env, ffi::OsString, fmt::Display, str::FromStr};

use process_manager_wire::without_credentials;
use url::Url;

/// The value of a variable is invalid. Its text hides credentials of URLs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "environment variable {variable} is {:?}, which is invalid: {}",
    without_credentials(value),
    without_credentials(reason)
)]
pub struct ConfigError {
    /// The variable.
    pub variable: String,
    /// Its value, if it is text.
    pub value: String,
    /// The rule that it breaks.
    pub reason: String,
}

/// Reads a variable; `None` if it is unset or empty.
///
/// # Errors
/// Returns [`ConfigError`] if it does not parse.
pub fn env_opt<T: FromStr<Err: Display>>(variable: &str) -> Result<Option<T>, ConfigError> {
    parse(variable, env::var_os(variable))
}

/// Reads a variable, or returns `default` if it is unset or empty.
///
/// # Errors
/// Returns [`ConfigError`] if it does not parse.
pub fn env_or<T: FromStr<Err: Display>>(variable: &str, default: T) -> Result<T, ConfigError> {
    Ok(env_opt(variable)?.unwrap_or(default))
}

/// Reads a URL, or returns `default` if the variable is unset or empty.
///
/// # Errors
/// Returns [`ConfigError`] if it does not parse.
pub fn env_url(variable: &str, default: &str) -> Result<Url, ConfigError> {
    if let Some(url) = env_opt(variable)? {
        return Ok(url);
    }
    default.parse().map_err(|error: url::ParseError| ConfigError {
        variable: variable.to_owned(),
        value: default.to_owned(),
        reason: error.to_string(),
    })
}

fn parse<T: FromStr<Err: Display>>(variable: &str, value: Option<OsString>) -> Result<Option<T>, ConfigError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let error = |reason: String| ConfigError {
        variable: variable.to_owned(),
        value: value.to_string_lossy().into_owned(),
        reason,
    };
    let text = value.to_str().ok_or_else(|| error("it is not UTF-8".to_owned()))?;
    text.parse().map(Some).map_err(|cause: T::Err| error(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_variable() {
        let error = parse::<u16>("API_PORT", Some("x".into())).unwrap_err();
        assert!(error.to_string().starts_with("environment variable API_PORT is \"x\""), "{error}");
    }

    #[test]
    fn an_error_hides_credentials() {
        let error = parse::<Url>("BILLING_URL", Some("http://svc:s3cret@ho st".into())).unwrap_err().to_string();
        assert!(error.contains("BILLING_URL") && error.contains("ho st") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn empty_is_unset() {
        assert_eq!(parse::<u16>("API_PORT", Some("".into())), Ok(None));
        assert_eq!(parse::<u16>("API_PORT", None), Ok(None));
        assert_eq!(parse::<u16>("API_PORT", Some("7".into())), Ok(Some(7)));
    }
}
