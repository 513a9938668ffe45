//! Refusals of the commands that should not be refused.

use messages::{DocumentId, voiding::VoidingState};
use tests::voiding::{ABORT, ACKNOWLEDGED, CLOSE, COMPENSATED, COMPLETE, UNMARK, VOIDED, assert_one_key};
use tests::{Env, Link, binaries};

/// Checks that the refusal of this command is shown and waits; a `recheck` and a `retry` send it again under the same
/// key.
async fn waits_for_a_retry(env: &Env, id: &DocumentId, link: Link, prefix: &str, command: &str) {
    let shown = env.refused(id, command, "unheard-of").await;
    env.signal_voiding(id, "recheck", None).await;
    let again = env.refused(id, command, "again").await;
    assert_eq!(again.state, shown.state);
    assert_ne!(again.incident.unwrap().failure_id, shown.incident.unwrap().failure_id);
    let _ = env.api().retry(id).await.ok_as(202);
    tests::eventually("sent for the third time", async || {
        let attempts = env.commands(link, id, prefix);
        if attempts.len() >= 3 { Ok(()) } else { Err(attempts) }
    })
    .await;
    assert_one_key(&env.commands(link, id, prefix), command);
}

/// Refuses the next command of this kind in a way that no protocol names, and once more in another.
fn refuse_twice(env: &Env, id: &DocumentId, link: Link, prefix: &str) {
    env.proxy(link).about(id).refuse_times(1, prefix, 422, "again");
    env.proxy(link).about(id).refuse_times(1, prefix, 409, "unheard-of");
}

#[tokio::test]
async fn unexpected_refusals_of_abort_unmark_and_close_wait_visibly_for_a_retry() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    env.refused_completion(&document.document_id).await;
    let steps = [
        (Link::WorkerToBilling, ABORT, "AbortDocumentVoiding"),
        (Link::WorkerToReports, UNMARK, "UnmarkDocumentAsVoided"),
        (Link::WorkerToBilling, CLOSE, "CloseDocumentVoiding"),
    ];
    for (link, prefix, _) in steps {
        refuse_twice(env, id, link, prefix);
    }
    let _ = env.acknowledge(id).await.ok_as(202);
    for (link, prefix, command) in steps {
        waits_for_a_retry(env, id, link, prefix, command).await;
    }
    let ended = env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(ended.incident, None);
    assert_eq!(env.events(id).await, COMPENSATED);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_refused_abort_of_a_failed_marking_can_be_acknowledged_and_waits_for_its_retry() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let _ = env.reports().publish(&document.customer_id).await.ok();
    refuse_twice(env, id, Link::WorkerToBilling, ABORT);
    let _ = env.api().post_voiding(id).await.ok_as(202);
    let refused = env.refused(id, "AbortDocumentVoiding", "unheard-of").await;
    assert_eq!(refused.state, VoidingState::MarkingDocumentAsVoidedFailed);
    assert_eq!(refused.failure.unwrap().code, "report-published");
    let _ = env.acknowledge(id).await.ok_as(202);
    waits_for_a_retry(env, id, Link::WorkerToBilling, ABORT, "AbortDocumentVoiding").await;
    env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(env.events(id).await, ACKNOWLEDGED);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_refused_close_of_an_acknowledged_failure_waits_for_its_retry() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.refused_marking().await.0;
    let id = &document.document_id;
    refuse_twice(env, id, Link::WorkerToBilling, CLOSE);
    let _ = env.acknowledge(id).await.ok_as(202);
    waits_for_a_retry(env, id, Link::WorkerToBilling, CLOSE, "CloseDocumentVoiding").await;
    env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(env.events(id).await, ACKNOWLEDGED);
    env.assert_consistent().await;
}

/// A Complete took effect, but its answer was lost, and something in between refused its repetition.
#[tokio::test]
async fn an_abort_answered_with_document_already_voided_ends_completed() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let process = env.refused_completion(&document.document_id).await.process_id.unwrap();
    let sent = env.commands(Link::WorkerToBilling, id, COMPLETE).len();
    let _ = env.billing().complete(id, &process).await.ok();
    let _ = env.acknowledge(id).await.ok_as(202);
    let ended = env.in_state(id, VoidingState::DocumentVoided).await;
    assert_eq!(ended.incident, None);
    assert_eq!(env.commands(Link::WorkerToBilling, id, ABORT)[0].status, Some(409));
    assert_eq!(env.commands(Link::WorkerToReports, id, UNMARK).len(), 0);
    assert_eq!(env.commands(Link::WorkerToBilling, id, COMPLETE).len(), sent, "it is not sent again");
    let completed = "ExecutionStatus = 'Completed' AND WorkflowType = 'DocumentVoiding'";
    let count = async || env.temporal().list(completed).await.len();
    tests::eventually_eq("the run is completed", 1, count).await;
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}
