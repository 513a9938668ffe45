//! Classifies a whole answer: a success, a refusal or a fault.

#![expect(clippy::result_large_err, reason = "the error of a whole request, which is public as it is")]

use process_manager_wire::{Problem, code};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use url::Url;

use super::{CommandError, Fault, without_credentials};

/// How many characters of an unexpected answer an error message keeps.
const EXCERPT: usize = 200;

/// Reads a whole answer, as a request does once it has it. It is public only for the fuzz targets.
///
/// # Errors
/// [`CommandError`] if the answer is not a success, or its body is not an `A`.
pub fn read_answer<A: DeserializeOwned>(url: &Url, status: StatusCode, body: Vec<u8>) -> Result<A, CommandError> {
    typed(url, &judged(url, status, body)?)
}

pub(super) fn typed<A: DeserializeOwned>(url: &Url, body: &[u8]) -> Result<A, CommandError> {
    serde_json::from_slice(body).map_err(|source| Fault::Unreadable { url: without_credentials(url), source }.into())
}

/// Returns the body of a success, or the refusal or fault.
pub(super) fn judged(url: &Url, status: StatusCode, body: Vec<u8>) -> Result<Vec<u8>, CommandError> {
    if status.is_success() {
        return Ok(body);
    }
    if let Some(problem) = refusal(status, &body) {
        return Err(CommandError::Refused(problem));
    }
    let excerpt = String::from_utf8_lossy(&body).chars().take(EXCERPT).collect();
    Err(Fault::Status { url: without_credentials(url), status, code: code_of(&body), excerpt }.into())
}

/// Returns the problem that makes an answer a refusal. A 404 or 409 without a code comes from an intermediary (a proxy,
/// a service that is starting) and says nothing about the command; nor does the 404 of a route that the service does
/// not have.
fn refusal(status: StatusCode, body: &[u8]) -> Option<Problem> {
    if !matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) {
        return None;
    }
    serde_json::from_slice(body).ok().filter(|problem: &Problem| !matches!(problem.code.trim(), "" | code::NOT_FOUND))
}

/// Returns the code of the problem in the body, if it is one.
fn code_of(body: &[u8]) -> Option<String> {
    let problem: Problem = serde_json::from_slice(body).ok()?;
    Some(problem.code).filter(|code| !code.trim().is_empty())
}
