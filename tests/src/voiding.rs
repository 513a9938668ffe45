//! The words of a voiding: paths of its commands, and the events of each of its ends.

use messages::{CloudEvent, DocumentId};

use crate::Recorded;

/// Path of MarkDocumentAsVoided; like all paths below, without its end.
pub const MARK: &str = "/commands/mark-";
/// Path of UnmarkDocumentAsVoided.
pub const UNMARK: &str = "/commands/unmark-";
/// Path of CompleteDocumentVoiding.
pub const COMPLETE: &str = "/commands/complete-";
/// Path of AbortDocumentVoiding.
pub const ABORT: &str = "/commands/abort-";
/// Path of CloseDocumentVoiding.
pub const CLOSE: &str = "/commands/close-";

/// A code that Billing itself never answers, and that the process does not know.
pub const LOCKED: &str = "locked";

/// Events of Billing and of Reports about a document that was voided.
pub const VOIDED: [&[&str]; 2] =
    [&["DocumentIssued", "DocumentVoidingRequested", "DocumentVoided"], &["MarkingDocumentAsVoidedSucceeded"]];
/// Events about a document whose marking failed and was acknowledged.
pub const ACKNOWLEDGED: [&[&str]; 2] = [
    &["DocumentIssued", "DocumentVoidingRequested", "DocumentVoidingAborted", "DocumentVoidingClosed"],
    &["MarkingDocumentAsVoidedFailed"],
];
/// Events about a document whose completion was refused and acknowledged.
pub const COMPENSATED: [&[&str]; 2] = [
    &["DocumentIssued", "DocumentVoidingRequested", "DocumentVoidingAborted", "DocumentVoidingClosed"],
    &["MarkingDocumentAsVoidedSucceeded", "DocumentUnmarkedAsVoided"],
];

/// Returns the types of a document's events in the logs of Billing and Reports, each in order.
#[must_use]
pub fn events_in(logs: &[Vec<CloudEvent>; 2], id: &DocumentId) -> [Vec<String>; 2] {
    let of = |log: &Vec<CloudEvent>| {
        log.iter().filter(|event| event.subject == id.as_str()).map(|event| event.kind.clone()).collect()
    };
    [of(&logs[0]), of(&logs[1])]
}

/// Checks that all attempts of a command carry one idempotency key: `<process id>/<command>`.
///
/// # Panics
/// Panics if one does not.
pub fn assert_one_key(attempts: &[Recorded], command: &str) {
    for attempt in attempts {
        let body = attempt.json();
        let process = body["process_id"].as_str().expect("a command names its process");
        assert_eq!(attempt.header("idempotency-key"), Some(format!("{process}/{command}").as_str()), "{attempt:?}");
        assert_eq!(attempt.header("x-correlation-id"), Some(process), "{attempt:?}");
    }
}
