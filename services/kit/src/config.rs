//! Configuration from environment variables.

use std::{env, ffi::OsString, fmt::Display, str::FromStr};

/// A variable's value does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {variable} is {value:?}, which does not do: {reason}")]
pub struct ConfigError {
    /// The variable.
    pub variable: String,
    /// Its value, as far as it is text.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The value of a variable; `None` when it is unset or empty.
///
/// # Errors
/// [`ConfigError`] when it does not parse.
pub fn env_opt<T: FromStr<Err: Display>>(variable: &str) -> Result<Option<T>, ConfigError> {
    parse(variable, env::var_os(variable))
}

/// The value of a variable, or `default` when it is unset or empty.
///
/// # Errors
/// [`ConfigError`] when it does not parse.
pub fn env_or<T: FromStr<Err: Display>>(variable: &str, default: T) -> Result<T, ConfigError> {
    Ok(env_opt(variable)?.unwrap_or(default))
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
    fn empty_is_unset() {
        assert_eq!(parse::<u16>("API_PORT", Some("".into())), Ok(None));
        assert_eq!(parse::<u16>("API_PORT", None), Ok(None));
        assert_eq!(parse::<u16>("API_PORT", Some("7".into())), Ok(Some(7)));
    }
}
