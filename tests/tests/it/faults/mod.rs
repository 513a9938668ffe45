//! Services that fail, and that refuse, while documents are voided.

mod acknowledged;
mod incidents;
mod outage;
mod refused;
mod retried;
mod watched;

use messages::{
    CloudEvent, DocumentId,
    billing::Document,
    voiding::{Incident, VoidingState},
};
use serde_json::{Value, json};
use tests::{
    Env, Link, Recorded,
    calls::{Answer, Voiding},
    eventually, json_payload,
};

pub(crate) const MARK: &str = "/commands/mark-";
pub(crate) const UNMARK: &str = "/commands/unmark-";
pub(crate) const COMPLETE: &str = "/commands/complete-";
pub(crate) const ABORT: &str = "/commands/abort-";
pub(crate) const CLOSE: &str = "/commands/close-";

/// Waits until the voiding is as `expected` says, in words too.
pub(crate) async fn until(env: &Env, id: &DocumentId, what: &str, expected: impl Fn(&Voiding) -> bool) -> Voiding {
    eventually(&format!("{id}: {what}"), async || {
        let voiding = env.api().voiding(id).await.try_ok()?;
        if expected(&voiding) { Ok(voiding) } else { Err(format!("{voiding:?}")) }
    })
    .await
}

pub(crate) async fn in_state(env: &Env, id: &DocumentId, state: VoidingState) -> Voiding {
    until(env, id, state.as_str(), |voiding| voiding.state == state).await
}

/// Requests the voiding of a new document whose report is published, which Reports refuses to mark; returns when the
/// failure waits for its acknowledgement.
pub(crate) async fn failed(env: &Env) -> Document {
    let document = env.issue_reported().await;
    let _ = env.reports().publish(&document.customer_id).await.ok();
    let _ = env.api().post_voiding(&document.document_id).await.ok_as(202);
    in_state(env, &document.document_id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    document
}

/// Requests the voiding of a document whose completion is refused once; returns when that is seen.
pub(crate) async fn completion_refused(env: &Env, document: &Document) -> Voiding {
    let id = &document.document_id;
    env.proxy(Link::WorkerToBilling).about(id).refuse_times(1, COMPLETE, 409, "locked");
    let _ = env.api().post_voiding(id).await.ok_as(202);
    refusal(env, id, "CompleteDocumentVoiding", "locked").await
}

/// Waits until the refusal of a command is shown.
pub(crate) async fn refusal(env: &Env, id: &DocumentId, command: &str, code: &str) -> Voiding {
    let refused = |incident: &Incident| incident.command == command && incident.code.as_deref() == Some(code);
    let what = format!("{command} is refused ({code})");
    until(env, id, &what, |voiding| voiding.incident.as_ref().is_some_and(refused)).await
}

pub(crate) async fn acknowledge(env: &Env, id: &DocumentId) -> Answer<Value> {
    env.api().acknowledge(id, &json!({"acknowledged_by": "ada", "note": "seen"})).await
}

/// A signal as the CLI or another SDK sends it.
pub(crate) async fn signal(env: &Env, id: &DocumentId, name: &str, payload: Option<Value>) {
    env.temporal().signal(id, name, payload.iter().map(json_payload).collect()).await.unwrap();
}

/// The commands about the document that have reached Billing and Reports, or should have.
pub(crate) fn commands(env: &Env, link: Link, id: &DocumentId, prefix: &str) -> Vec<Recorded> {
    env.proxy(link).about(id).requests(prefix)
}

/// All attempts of a command carry one idempotency key: `<process id>/<command>`.
pub(crate) fn one_key(attempts: &[Recorded], command: &str) {
    for attempt in attempts {
        let process = attempt.json()["process_id"].as_str().unwrap().to_owned();
        assert_eq!(attempt.header("idempotency-key"), Some(format!("{process}/{command}").as_str()), "{attempt:?}");
        assert_eq!(attempt.header("x-correlation-id"), Some(process.as_str()), "{attempt:?}");
    }
}

/// What Billing and Reports have recorded of the document, each in its order.
pub(crate) async fn events(env: &Env, id: &DocumentId) -> [Vec<String>; 2] {
    events_in(&[env.billing().log().await, env.reports().log().await], id)
}

/// The same, of logs that have been read already.
pub(crate) fn events_in(logs: &[Vec<CloudEvent>; 2], id: &DocumentId) -> [Vec<String>; 2] {
    let of = |log: &Vec<CloudEvent>| {
        log.iter().filter(|event| event.subject == id.as_str()).map(|event| event.kind.clone()).collect()
    };
    [of(&logs[0]), of(&logs[1])]
}

/// What is recorded of a document that was voided.
pub(crate) const VOIDED: [&[&str]; 2] =
    [&["DocumentIssued", "DocumentVoidingRequested", "DocumentVoided"], &["MarkingDocumentAsVoidedSucceeded"]];
/// What is recorded of a document whose marking failed and was acknowledged.
pub(crate) const ACKNOWLEDGED: [&[&str]; 2] = [
    &["DocumentIssued", "DocumentVoidingRequested", "DocumentVoidingAborted", "DocumentVoidingClosed"],
    &["MarkingDocumentAsVoidedFailed"],
];
/// What is recorded of a document whose completion was refused and acknowledged.
pub(crate) const COMPENSATED: [&[&str]; 2] = [
    &["DocumentIssued", "DocumentVoidingRequested", "DocumentVoidingAborted", "DocumentVoidingClosed"],
    &["MarkingDocumentAsVoidedSucceeded", "DocumentUnmarkedAsVoided"],
];
