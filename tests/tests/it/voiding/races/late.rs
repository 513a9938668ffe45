//! Duplicates that arrive long after the process has ended.

use crate::start;
use messages::{CustomerId, DocumentId, ProcessId, reports::Report, voiding::VoidingState};
use serde_json::json;
use temporalio_client::tonic::Code;
use tests::voiding::LOCKED;
use tests::{Env, calls::Batch};

/// Returns everything that the services hold.
async fn everything(env: &Env) -> (Batch, Batch, Vec<Report>) {
    (env.billing().log().await, env.reports().log().await, env.reports().all_reports().await)
}

/// Sends everything that a process sends, with its keys and without, in the order that would do the most harm.
async fn all_again(env: &Env, id: &DocumentId, customer: &CustomerId, process: &ProcessId) {
    let (billing, reports) = (env.billing(), env.reports());
    let within = |command| (billing.within(process, command), reports.within(process, command));
    for (billing, reports) in [within("MarkDocumentAsVoided"), (billing.clone(), reports.clone())] {
        let _ = reports.mark(id, customer, process).await;
        let _ = billing.complete(id, process).await;
    }
    let _ = within("CompleteDocumentVoiding").0.complete(id, process).await;
    let _ = within("AbortDocumentVoiding").0.abort(id, process).await;
    let _ = within("CloseDocumentVoiding").0.close(id, process).await;
    let _ = billing.abort(id, process).await;
    let _ = billing.close(id, process).await;
}

async fn a_late_acknowledgement_is_refused(env: &Env, id: &DocumentId) {
    let refused = env.api().acknowledge(id, &json!({})).await.refusal();
    assert_eq!(refused, (409, "no-failure-to-acknowledge".to_owned()));
    assert_eq!(env.temporal().signal(id, "acknowledge_failure", vec![]).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn late_duplicates_of_every_command_after_the_voiding_change_nothing() {
    let env = start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let first = env.api().key("a-clients-key").post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(first.state, VoidingState::DocumentVoided);
    let process = first.process_id.unwrap();
    let before = everything(&env).await;

    all_again(&env, id, &document.customer_id, &process).await;
    a_late_acknowledgement_is_refused(&env, id).await;
    let again = env.api().key("a-clients-key").post_voiding(id).await.ok();
    assert_eq!((again.process_id, again.state), (Some(process.clone()), VoidingState::DocumentVoided));
    assert_eq!(env.api().post_voiding(id).await.refusal(), (409, "document-already-voided".to_owned()));
    env.a_whole_sweep().await;
    assert_eq!(everything(&env).await, before);
    env.await_runs(id, &[(&process, "Completed")]).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn late_duplicates_of_every_command_after_the_close_change_nothing_and_start_nothing() {
    let env = start().await;
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    env.proxy(tests::Link::WorkerToBilling).refuse_times(1, "/commands/complete-", 409, LOCKED);
    let void = env.billing().key("a-clients-key");
    let process = void.void(id).await.ok_as(202).process_id;
    env.refused(id, "CompleteDocumentVoiding", LOCKED).await;
    let _ = env.acknowledge(id).await.ok_as(202);
    env.await_runs(id, &[(&process, "FailureAcknowledged")]).await;
    let before = everything(&env).await;

    assert_eq!(void.void(id).await.ok_as(202).process_id, process, "the same process, though it is closed");
    assert_eq!(env.api().key("a-clients-key").post_voiding(id).await.ok().process_id, Some(process.clone()));
    all_again(&env, id, customer, &process).await;
    let unmark = env.reports().within(&process, "UnmarkDocumentAsVoided");
    let _ = unmark.unmark(id, customer, &process).await.ok_as(200);
    // Its Mark is answered as before, and marks nothing.
    let _ = env.reports().within(&process, "MarkDocumentAsVoided").mark(id, customer, &process).await;
    a_late_acknowledgement_is_refused(&env, id).await;
    env.a_whole_sweep().await;
    assert_eq!(everything(&env).await, before);
    env.await_runs(id, &[(&process, "FailureAcknowledged")]).await;
    env.assert_consistent().await;
}
