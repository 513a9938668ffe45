//! Answers of services: a success, a refusal or a fault.

use messages::{Problem, billing::DocumentVoiding};
use process_manager_client::{
    feed::{FeedEvent, read_batch},
    http::{CommandError, Fault, read_answer},
};
use process_manager_wire::error_chain;
use reqwest::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, to_value};
use url::Url;

/// Maximum number of characters of a body in an error.
const EXCERPT: usize = 200;
/// Maximum number of characters of the reason why an entry of a log cannot be read.
const REASON: usize = 500;

/// Takes a status and a body, separated by a space, as the answer to a command, and the body as a batch of events.
pub fn answers(data: &[u8]) {
    let (status, body) = data.split_at(data.iter().position(|byte| *byte == b' ').unwrap_or(data.len()));
    let body = body.strip_prefix(b" ").unwrap_or(body);
    let Ok(status) = StatusCode::from_bytes(status) else { return };
    answer::<Value>(status, body);
    answer::<DocumentVoiding>(status, body);
    for after in [0, 6, i64::MAX] {
        batch(body, after);
    }
}

fn answer<A: DeserializeOwned + Serialize>(status: StatusCode, body: &[u8]) {
    let url: Url = "http://ada:pass-of-ada@billing:8081/commands/void-document".parse().expect("it is a URL");
    let problem = serde_json::from_slice::<Problem>(body).ok();
    let may_refuse = matches!(status.as_u16(), 404 | 409 | 422);
    let is_told = |problem: &Problem| !matches!(problem.code.trim(), "" | "not-found");
    let error = match read_answer::<A>(&url, status, body.to_vec()) {
        Ok(answer) => {
            assert!(status.is_success());
            let read: A = serde_json::from_slice(body).expect("a success is read");
            assert_eq!(to_value(answer).ok(), to_value(read).ok());
            return;
        }
        Err(error) => error,
    };
    let text = error_chain(&error);
    let is_of_body = String::from_utf8_lossy(body).contains("pass-of-ada");
    assert!(is_of_body || !text.contains("pass-of-ada") && !format!("{error:?}").contains("pass-of-ada"), "{text}");
    match error {
        CommandError::Refused(refused) => {
            assert!(may_refuse && is_told(&refused));
            assert_eq!(Some(refused), problem);
        }
        CommandError::Fault(fault) => {
            assert!(!may_refuse || !problem.as_ref().is_some_and(is_told), "a refusal would be retried: {text}");
            faulty(&fault, status, problem.as_ref());
        }
    }
}

/// Checks that a command counts as not done only if that is certain.
fn faulty(fault: &Fault, status: StatusCode, problem: Option<&Problem>) {
    let is_coded = problem.is_some_and(|problem| !problem.code.trim().is_empty());
    match fault {
        Fault::Unreadable { .. } => assert!(status.is_success() && !fault.had_no_effect()),
        Fault::Status { excerpt, code, .. } => {
            assert!(!status.is_success() && excerpt.chars().count() <= EXCERPT);
            assert_eq!(code.is_some(), is_coded);
            if status.is_server_error() {
                assert_eq!(fault.had_no_effect(), status == StatusCode::SERVICE_UNAVAILABLE && is_coded);
            }
        }
        other => panic!("{other}"),
    }
}

/// Checks that every entry of a batch has a position, and that the positions rise.
fn batch(body: &[u8], after: i64) {
    let entries = serde_json::from_slice::<Vec<Value>>(body).ok();
    match read_batch(body, after) {
        Err(why) => assert!(why.chars().count() <= REASON),
        Ok(events) => {
            assert_eq!(Some(events.len()), entries.map(|entries| entries.len()), "an entry is lost");
            let mut last = after;
            for event in &events {
                assert!(event.position() > last);
                last = event.position();
                if let FeedEvent::Malformed { reason, .. } = event {
                    assert!(reason.chars().count() <= REASON);
                }
            }
        }
    }
}
