//! Tells what a whole answer is: a success, a refusal or a fault.

#![expect(clippy::result_large_err, reason = "the error of a whole request, which is public as it is")]

use process_manager_wire::{Problem, code};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use url::Url;

use super::{CommandError, Fault, without_credentials};

/// Characters of an unexpected answer that an error message keeps.
const EXCERPT: usize = 200;

/// Reads a whole answer, as a request does that has got it. It is public for the fuzz targets alone.
///
/// # Errors
/// [`CommandError`] when the answer is no success, or one that is not `A`.
pub fn read_answer<A: DeserializeOwned>(url: &Url, status: StatusCode, body: Vec<u8>) -> Result<A, CommandError> {
    typed(url, &judged(url, status, body)?)
}

pub(super) fn typed<A: DeserializeOwned>(url: &Url, body: &[u8]) -> Result<A, CommandError> {
    serde_json::from_slice(body).map_err(|source| Fault::Unreadable { url: without_credentials(url), source }.into())
}

/// The body of a success, or what else the answer is.
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

/// The problem that makes an answer a refusal. A 404 or 409 without a code comes from something in between (a proxy, a
/// service that starts) and says nothing about the command; nor does the 404 of a route that the service does not have.
fn refusal(status: StatusCode, body: &[u8]) -> Option<Problem> {
    if !matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) {
        return None;
    }
    serde_json::from_slice(body).ok().filter(|problem: &Problem| !matches!(problem.code.trim(), "" | code::NOT_FOUND))
}

/// The code of the problem that the body is, if it is one.
fn code_of(body: &[u8]) -> Option<String> {
    let problem: Problem = serde_json::from_slice(body).ok()?;
    Some(problem.code).filter(|code| !code.trim().is_empty())
}
