//! Ids in paths, and query parameters.

use std::{ops::RangeInclusive, str::FromStr};

use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
};
use process_manager_wire::code;
use serde::de::DeserializeOwned;

use crate::{ApiError, cursor, problem};

/// Maximum number of items on a page.
pub const MAX_LIMIT: i64 = 200;
/// Number of items on a page when `limit` is absent.
pub const DEFAULT_LIMIT: i64 = 50;

/// The one id in a route's path. An invalid one is refused with 400 `invalid-id`.
#[derive(Debug, Clone)]
pub struct PathId<T>(pub T);

impl<T, S> FromRequestParts<S> for PathId<T>
where
    T: FromStr<Err: std::fmt::Display>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let invalid = |detail: String| problem(StatusCode::BAD_REQUEST, code::INVALID_ID, detail);
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| invalid(rejection.body_text()))?;
        text.parse().map(Self).map_err(|error: T::Err| invalid(error.to_string()))
    }
}

/// The query parameters. Unknown ones are ignored; an invalid one is refused with 400 `invalid-parameter`.
#[derive(Debug, Clone)]
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    /// Reads a query string. Invalid percent-encoding decodes to U+FFFD, which every rule rejects.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Returns a parameter's text.
    ///
    /// # Errors
    /// Returns 400 if it is given more than once.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(invalid(name, "is given more than once")),
            (value, None) => Ok(value),
        }
    }

    /// Parses a parameter. The error of its type states the rule.
    ///
    /// # Errors
    /// Returns 400 if it does not parse.
    pub fn value<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name)?.map(str::parse).transpose().map_err(|error: T::Err| invalid(name, &error.to_string()))
    }

    /// Parses a parameter that is one of a serde enum's names.
    ///
    /// # Errors
    /// Returns 400 if it is none of them.
    pub fn name_of<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ApiError> {
        use serde::de::{IntoDeserializer, value::Error};
        let parse = |text: &str| T::deserialize(IntoDeserializer::<Error>::into_deserializer(text));
        self.text(name)?.map(parse).transpose().map_err(|error| invalid(name, &error.to_string()))
    }

    /// Parses `true` or `false`.
    ///
    /// # Errors
    /// Returns 400 for any other text.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name)? {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    /// Parses a decimal integer within a range.
    ///
    /// # Errors
    /// Returns 400 if it is not an integer or is out of range.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>, default: i64) -> Result<i64, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| is_plain && range.contains(number)).ok_or_else(|| {
            let rule = format!("must be an integer from {} to {}", range.start(), range.end());
            invalid(name, &rule)
        })
    }

    /// Parses `limit`, the number of items on a page of a list.
    ///
    /// # Errors
    /// Returns 400 if it is not from 1 to [`MAX_LIMIT`].
    pub fn limit(&self) -> Result<usize, ApiError> {
        let limit = self.integer("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
        Ok(usize::try_from(limit).unwrap_or(1))
    }

    /// Decodes `cursor`, the key after which the page begins, as made by [`cursor::encode`] for the list `scope`.
    ///
    /// # Errors
    /// Returns 400 if it was not made for this list.
    pub fn cursor<K: DeserializeOwned>(&self, scope: &str) -> Result<Option<K>, ApiError> {
        let Some(text) = self.text("cursor")? else { return Ok(None) };
        cursor::decode(scope, text).map(Some).ok_or_else(|| invalid("cursor", "was not handed out by this list"))
    }
}

/// Returns the problem of an invalid query parameter.
#[must_use]
pub fn invalid(name: &str, rule: &str) -> ApiError {
    problem(StatusCode::BAD_REQUEST, code::INVALID_PARAMETER, format!("query parameter {name}: {rule}"))
}

#[cfg(test)]
mod tests {
    use messages::{CustomerId, billing::DocumentStatus};

    use super::*;

    #[test]
    fn absent_parameters_have_their_defaults() {
        let params = Params::parse("other=%zz&&=&a");
        assert_eq!(params.limit().unwrap(), 50);
        assert_eq!(params.boolean("open").unwrap(), None);
        assert_eq!(params.cursor::<i64>("list").unwrap(), None);
        assert_eq!(params.value::<CustomerId>("customer_id").unwrap(), None);
    }

    #[test]
    fn a_parameter_that_breaks_its_rule_is_named() {
        let params = Params::parse(
            "limit=0&l2=201&l3=%2B5&l4=5&l4=6&l5=&l6=99999999999999999999&b=yes&customer_id=%ff&c2=%zz&status=void&cursor=x",
        );
        for name in ["l2", "l3", "l4", "l5", "l6"] {
            let error = params.integer(name, 1..=200, 50).unwrap_err();
            assert_eq!(error.code(), "invalid-parameter");
            assert!(format!("{error:?}").contains(name));
        }
        assert!(params.limit().is_err());
        assert!(params.boolean("b").is_err());
        assert!(params.value::<CustomerId>("customer_id").is_err());
        assert!(params.value::<CustomerId>("c2").is_err());
        assert!(params.name_of::<DocumentStatus>("status").is_err());
        assert!(params.cursor::<i64>("list").is_err());
    }

    #[test]
    fn a_name_is_read_as_its_value() {
        let params = Params::parse("status=voiding-requested");
        assert_eq!(params.name_of("status").unwrap(), Some(DocumentStatus::VoidingRequested));
    }
}
