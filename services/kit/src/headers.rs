//! The headers that commands carry.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use process_manager_wire::{
    code,
    headers::{CAUSATION_ID, CORRELATION_ID, IDEMPOTENCY_KEY, LONGEST},
};
use utoipa::IntoParams;

use crate::{ApiError, new_id, problem};

/// The headers of a command, all of them optional.
///
/// A header that is given twice, or is not 1 to 255 visible ASCII characters, is refused with 400 `invalid-header`: it
/// could not be kept as it is, and a dropped idempotency key would let a command take effect twice.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct CommandHeaders {
    /// Makes a repeated command take effect once; it is answered as the first
    #[param(rename = "idempotency-key", pattern = "^[!-~]{1,255}$")]
    pub idempotency_key: Option<String>,
    /// The process that the command belongs to; becomes the `correlationid` of the event unless the command names its process
    #[param(rename = "x-correlation-id", pattern = "^[!-~]{1,255}$")]
    pub correlation_id: Option<String>,
    /// Becomes the `causationid` of the event; by default the idempotency key, else an id of this request
    #[param(
        rename = "x-causation-id", value_type = Option<String>, required = false, pattern = "^[!-~]{1,255}$"
    )]
    pub causation_id: String,
}

impl CommandHeaders {
    /// Adds the process id to the request's log lines as correlation id, unless the header has set it.
    pub fn correlate(&self, process_id: &str) {
        if self.correlation_id.as_deref() != Some(process_id) {
            correlate(process_id);
        }
    }
}

/// Adds the process id to the log lines of the current request as correlation id.
pub fn correlate(process_id: &str) {
    tracing::Span::current().record("correlation_id", tracing::field::display(process_id));
}

impl<S: Send + Sync> FromRequestParts<S> for CommandHeaders {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let idempotency_key = header(parts, IDEMPOTENCY_KEY)?;
        let correlation_id = header(parts, CORRELATION_ID)?;
        let causation_id = header(parts, CAUSATION_ID)?.or_else(|| idempotency_key.clone()).unwrap_or_else(new_id);
        Ok(Self { idempotency_key, correlation_id, causation_id })
    }
}

fn header(parts: &Parts, name: &'static str) -> Result<Option<String>, ApiError> {
    let invalid = || {
        let detail = format!("header {name} must be given once, as 1 to {LONGEST} visible ASCII characters");
        problem(StatusCode::BAD_REQUEST, code::INVALID_HEADER, detail)
    };
    let mut values = parts.headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().ok().filter(|text| is_valid(text));
            text.map(|text| Some(text.to_owned())).ok_or_else(invalid)
        }
        (Some(_), Some(_)) => Err(invalid()),
    }
}

/// Returns whether a text can be an idempotency key, a correlation id or a causation id.
pub(crate) fn is_valid(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read(headers: &[(&str, &str)]) -> Result<CommandHeaders, ApiError> {
        let request = headers.iter().fold(Request::post("/"), |request, (name, value)| request.header(*name, *value));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        CommandHeaders::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_key_is_the_cause_of_what_it_leads_to() {
        let headers = read(&[(IDEMPOTENCY_KEY, "p/complete")]).await.unwrap();
        assert_eq!(headers.idempotency_key.as_deref(), Some("p/complete"));
        assert_eq!(headers.causation_id, "p/complete");
        let headers = read(&[]).await.unwrap();
        assert_eq!(headers.idempotency_key, None);
        assert!(!headers.causation_id.is_empty());
    }

    #[tokio::test]
    async fn a_cause_that_is_named_comes_before_the_key() {
        let headers = read(&[(IDEMPOTENCY_KEY, "p/complete"), (CAUSATION_ID, "event-7")]).await.unwrap();
        assert_eq!(headers.idempotency_key.as_deref(), Some("p/complete"));
        assert_eq!(headers.causation_id, "event-7");
        assert_eq!(read(&[(CAUSATION_ID, "event-7")]).await.unwrap().causation_id, "event-7");
    }

    #[tokio::test]
    async fn a_header_that_breaks_the_rule_is_refused() {
        for name in [IDEMPOTENCY_KEY, CORRELATION_ID, CAUSATION_ID] {
            for values in [&[""][..], &["a b"], &["a", "a"], &["ä"], &[&"x".repeat(256)]] {
                let headers: Vec<_> = values.iter().map(|value| (name, *value)).collect();
                let error = read(&headers).await.unwrap_err();
                assert_eq!(error.code(), "invalid-header", "{name} {values:?}");
                assert!(format!("{error:?}").contains(name));
            }
            assert!(read(&[(name, &"x".repeat(255))]).await.is_ok());
        }
    }
}
