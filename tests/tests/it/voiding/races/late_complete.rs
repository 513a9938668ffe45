//! A Complete that was lost in the network while the operator compensated, and arrives late.

use crate::start;
use messages::{DocumentId, ProcessId, billing::DocumentStatus};
use tests::voiding::LOCKED;
use tests::{Env, Fault, Gate, Link, eventually};

const COMPLETE: &str = "/commands/complete-";

/// Holds the first Complete in the network behind the gate; the second one is refused.
async fn complete_is_held_then_refused(env: &Env, id: &DocumentId) -> (ProcessId, Gate) {
    let network = env.proxy(Link::WorkerToBilling);
    network.refuse_times(1, COMPLETE, 409, LOCKED);
    let late = network.hold(COMPLETE);
    let process = env.api().post_voiding(id).await.ok_as(202).process_id.unwrap();
    late.held().await;
    env.refused(id, "CompleteDocumentVoiding", LOCKED).await;
    (process, late)
}

async fn answer_to_the_late_one(env: &Env) -> u16 {
    eventually("Billing has answered the late Complete", async || {
        env.proxy(Link::WorkerToBilling).requests_to(COMPLETE)[0].status.ok_or("no answer")
    })
    .await
}

#[tokio::test]
async fn a_complete_that_arrives_after_the_compensation_began_is_fenced_by_abort() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let (process, late) = complete_is_held_then_refused(&env, id).await;
    let unmark = Gate::default();
    env.proxy(Link::WorkerToReports).fault("/commands/unmark-", Fault::Hold(unmark.clone()));
    let _ = env.acknowledge(id).await.ok_as(202);
    unmark.held().await;
    late.open();
    assert_eq!(answer_to_the_late_one(&env).await, 409);
    assert_eq!(env.billing().status(id).await, DocumentStatus::Issued);
    env.proxy(Link::WorkerToReports).heal();
    unmark.open();
    env.await_runs(id, &[(&process, "FailureAcknowledged")]).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_complete_that_arrives_before_the_abort_wins_and_the_process_ends_voided() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let (process, late) = complete_is_held_then_refused(&env, id).await;
    let abort = Gate::default();
    env.proxy(Link::WorkerToBilling).fault("/commands/abort-", Fault::Hold(abort.clone()));
    let _ = env.acknowledge(id).await.ok_as(202);
    abort.held().await;
    late.open();
    assert_eq!(answer_to_the_late_one(&env).await, 200);
    abort.open();
    env.await_runs(id, &[(&process, "Completed")]).await;
    assert_eq!(env.billing().status(id).await, DocumentStatus::Voided);
    assert!(env.proxy(Link::WorkerToReports).requests_to("/commands/unmark-").is_empty());
    env.assert_consistent().await;
}
