//! A Complete that was lost in the network while the operator compensated, and arrives late.

use messages::{DocumentId, ProcessId, billing::DocumentStatus};
use tests::{Env, Fault, Gate, Link, eventually};

use super::{CREDIT_BLOCK, acknowledge, await_incident, runs::await_runs, start};

const COMPLETE: &str = "/commands/complete-";

/// The first Complete stays in the network behind the gate; the second one is refused.
async fn complete_is_held_then_refused(env: &Env, id: &DocumentId) -> (ProcessId, Gate) {
    let network = env.proxy(Link::WorkerToBilling);
    network.refuse_times(1, COMPLETE, 409, CREDIT_BLOCK);
    let late = network.hold(COMPLETE);
    let process = env.api().post_voiding(id).await.ok_as(202).process_id.unwrap();
    late.held().await;
    await_incident(env, id, CREDIT_BLOCK).await;
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
    acknowledge(&env, id).await;
    unmark.held().await;
    late.open();
    assert_eq!(answer_to_the_late_one(&env).await, 409);
    assert_eq!(env.billing().status(id).await, DocumentStatus::Issued);
    env.proxy(Link::WorkerToReports).heal();
    unmark.open();
    await_runs(&env, id, &[(&process, "FailureAcknowledged")]).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_complete_that_arrives_before_the_abort_wins_and_the_process_ends_voided() {
    let env = start().await;
    let id = &env.issue_reported().await.document_id;
    let (process, late) = complete_is_held_then_refused(&env, id).await;
    let abort = Gate::default();
    env.proxy(Link::WorkerToBilling).fault("/commands/abort-", Fault::Hold(abort.clone()));
    acknowledge(&env, id).await;
    abort.held().await;
    late.open();
    assert_eq!(answer_to_the_late_one(&env).await, 200);
    abort.open();
    await_runs(&env, id, &[(&process, "Completed")]).await;
    assert_eq!(env.billing().status(id).await, DocumentStatus::Voided);
    assert!(env.proxy(Link::WorkerToReports).requests_to("/commands/unmark-").is_empty());
    env.assert_consistent().await;
}
