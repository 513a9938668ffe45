//! A run that waits for an operator while Billing has closed its process by other means.

use crate::start;
use messages::{DocumentId, ProcessId, voiding::VoidingState};
use tests::Env;

/// Closes the process as staff of Billing would, without the process manager; then requests the voiding again.
async fn closed_by_hand_and_requested_again(env: &Env, id: &DocumentId, first: &ProcessId) -> ProcessId {
    let _ = env.billing().abort(id, first).await.ok();
    let _ = env.billing().close(id, first).await.ok();
    let second = env.api().post_voiding(id).await.ok_as(202).process_id.unwrap();
    assert_ne!(second, *first);
    second
}

#[tokio::test]
async fn a_run_that_waits_for_an_acknowledgement_makes_room_for_another_process() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let first = env.refused_and_aborted(id).await;
    let second = closed_by_hand_and_requested_again(&env, id, &first).await;
    env.await_runs(id, &[(&first, "ProcessClosed"), (&second, "Running")]).await;
    env.await_view(id, "the second process is refused, too", |view| {
        view.state == VoidingState::MarkingDocumentAsVoidedFailed && view.process_id.as_ref() == Some(&second)
    })
    .await;
    let _ = env.acknowledge(id).await.ok_as(202);
    env.await_runs(id, &[(&first, "ProcessClosed"), (&second, "FailureAcknowledged")]).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_run_that_waits_with_a_refused_completion_makes_room_and_takes_its_mark_back() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let first = env.refused_completion(id).await.process_id.unwrap();
    let second = closed_by_hand_and_requested_again(&env, id, &first).await;
    env.await_runs(id, &[(&first, "ProcessClosed"), (&second, "Completed")]).await;
    let log = env.reports().log().await;
    let of_first = log.iter().filter(|event| event.correlationid == first.as_str());
    let kinds: Vec<_> = of_first.map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["MarkingDocumentAsVoidedSucceeded", "DocumentUnmarkedAsVoided"]);
    env.assert_consistent().await;
}
