//! A run that waits for a person while Billing has closed its process by other means.

use messages::{DocumentId, ProcessId, voiding::VoidingState};
use tests::Env;

use super::{
    acknowledge, refused_completion, refused_marking,
    runs::{await_runs, await_view},
    start,
};

/// As somebody at Billing would, without the process manager; then requests the voiding again.
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
    let first = refused_marking(&env, id).await;
    let second = closed_by_hand_and_requested_again(&env, id, &first).await;
    await_runs(&env, id, &[(&first, "ProcessClosed"), (&second, "Running")]).await;
    await_view(&env, id, "the second process is refused, too", |view| {
        view.state == VoidingState::MarkingDocumentAsVoidedFailed && view.process_id.as_ref() == Some(&second)
    })
    .await;
    acknowledge(&env, id).await;
    await_runs(&env, id, &[(&first, "ProcessClosed"), (&second, "FailureAcknowledged")]).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_run_that_waits_with_a_refused_completion_makes_room_and_takes_its_mark_back() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let first = refused_completion(&env, id).await;
    let second = closed_by_hand_and_requested_again(&env, id, &first).await;
    await_runs(&env, id, &[(&first, "ProcessClosed"), (&second, "Completed")]).await;
    let log = env.reports().log().await;
    let of_first = log.iter().filter(|event| event.correlationid == first.as_str());
    let kinds: Vec<_> = of_first.map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["MarkingDocumentAsVoidedSucceeded", "DocumentUnmarkedAsVoided"]);
    env.assert_consistent().await;
}
