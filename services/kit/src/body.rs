//! Request bodies: JSON objects, and a clear problem for everything else.

use std::{error::Error, fmt::Display};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use process_manager_wire::code;
use serde::{Serialize, de::DeserializeOwned, de::IgnoredAny};

use crate::{
    ApiError, problem,
    server::{BodyTooSlow, MAX_BODY, body_too_slow},
};

/// Maximum number of bytes of a body that are read before its connection is dropped.
const MAX_DRAINED: usize = 8 * MAX_BODY;

/// A JSON object as the body of a request or of an answer.
///
/// Refused with 415 (media type), 413 (too large), 400 `unreadable-body` or 422 `invalid-body`.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// Like [`Json`], but the body may be absent: an empty one is the default, whatever its content type.
#[derive(Debug, Clone, Copy)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        check_media_type(request.headers())?;
        parse(&read(request).await?).map(Self)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let media_type = check_media_type(request.headers());
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        media_type?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json {
        return Ok(());
    }
    let detail = "the body must be JSON, with content-type: application/json";
    Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// Reads the body. If it is too large, the rest is read for a while and discarded: a client loses the answer if the
/// connection is closed before its body has been read.
async fn read(request: Request) -> Result<Bytes, ApiError> {
    let mut chunks = request.into_body().into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while length <= MAX_DRAINED
        && let Some(chunk) = chunks.next().await
    {
        let chunk = chunk.map_err(incomplete)?;
        length = length.saturating_add(chunk.len());
        if length <= MAX_BODY {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length > MAX_BODY {
        return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, code::BODY_TOO_LARGE, "the body must not exceed 1 MiB"));
    }
    Ok(bytes.into())
}

fn incomplete(error: axum::Error) -> ApiError {
    if is_too_slow(&error) {
        return body_too_slow();
    }
    problem(StatusCode::BAD_REQUEST, code::UNREADABLE_BODY, "the body could not be read to its end").caused_by(error)
}

fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    error.is::<BodyTooSlow>() || error.source().is_some_and(is_too_slow)
}

/// Returns the 422 `invalid-body` for a body that breaks a rule.
pub fn invalid_body(rule: impl Display) -> ApiError {
    problem(StatusCode::UNPROCESSABLE_ENTITY, code::INVALID_BODY, format!("the body is not as it must be: {rule}"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let unreadable = |why: &dyn Display| {
        problem(StatusCode::BAD_REQUEST, code::UNREADABLE_BODY, format!("the body is not JSON: {why}"))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| unreadable(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| unreadable(&error))?;
    // Serde accepts an array for a struct as well.
    if !text.trim_start().starts_with('{') {
        return Err(invalid_body("it must be a JSON object"));
    }
    serde_json::from_str(text).map_err(invalid_body)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Body {
        #[serde(default)]
        number: i64,
    }

    fn request(media_type: &str, body: impl Into<axum::body::Body>) -> Request {
        Request::builder().header(header::CONTENT_TYPE, media_type).body(body.into()).unwrap()
    }

    async fn refused(media_type: &str, body: impl Into<axum::body::Body>) -> (u16, &'static str) {
        let error = Json::<Body>::from_request(request(media_type, body), &()).await.unwrap_err();
        (error.status().as_u16(), error.code())
    }

    #[tokio::test]
    async fn each_way_to_be_wrong_has_its_code() {
        const JSON: &str = "application/json";
        for (media_type, body, expected) in [
            ("text/plain", "{}", (415, "unsupported-media-type")),
            ("", "{}", (415, "unsupported-media-type")),
            (JSON, "", (400, "unreadable-body")),
            (JSON, "{", (400, "unreadable-body")),
            (JSON, "{} {}", (400, "unreadable-body")),
            (JSON, "[1]", (422, "invalid-body")),
            (JSON, "null", (422, "invalid-body")),
            (JSON, r#"{"number":"1"}"#, (422, "invalid-body")),
            (JSON, r#"{"number":1e999}"#, (422, "invalid-body")),
            (JSON, r#"{"number":1,"number":2}"#, (422, "invalid-body")),
        ] {
            assert_eq!(refused(media_type, body).await, expected, "{media_type} {body}");
        }
        assert_eq!(refused(JSON, vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']).await, (400, "unreadable-body"));
        assert_eq!(refused(JSON, " ".repeat(3 << 20)).await, (413, "body-too-large"));
        assert_eq!(refused(JSON, "[".repeat(1 << 20)).await, (400, "unreadable-body"));
    }

    #[tokio::test]
    async fn unknown_fields_and_other_json_types_pass() {
        let request = request("application/merge-patch+json; charset=utf-8", r#"{"number":1,"more":[{}]}"#);
        assert_eq!(Json::<Body>::from_request(request, &()).await.unwrap().0, Body { number: 1 });
    }

    #[tokio::test]
    async fn an_optional_body_may_be_absent() {
        for media_type in ["", "text/plain", "application/json"] {
            let body = OptionalJson::<Body>::from_request(request(media_type, ""), &()).await.unwrap();
            assert_eq!(body.0, Body::default());
        }
        let error = OptionalJson::<Body>::from_request(request("text/plain", "x"), &()).await.unwrap_err();
        assert_eq!(error.code(), "unsupported-media-type");
    }
}
