//! A refused completion that an operator acknowledges: the compensation.

use messages::{DocumentId, billing::DocumentStatus, reports::ReportStatus, voiding::VoidingState};
use serde_json::json;
use tests::voiding::{ABORT, ACKNOWLEDGED, CLOSE, COMPENSATED, COMPLETE, UNMARK, assert_one_key};
use tests::{Env, Link, binaries};

/// Returns how the run ended, as shown by the CLI.
async fn failure_type(env: &Env, id: &DocumentId) -> String {
    let workflow_id = tests::workflow_id(id);
    let words = ["workflow", "describe", "--workflow-id", &workflow_id, "--output", "json"];
    let described = env.temporal().cli(&words).await.json();
    described["closeEvent"]["workflowExecutionFailedEventAttributes"]["failure"]["applicationFailureInfo"]["type"]
        .as_str()
        .unwrap_or_else(|| panic!("{described:#}"))
        .to_owned()
}

/// Checks that each command of the compensation was sent under its own key.
fn compensated_under_keys(env: &Env, id: &DocumentId) {
    for (link, prefix, command) in [
        (Link::WorkerToBilling, ABORT, "AbortDocumentVoiding"),
        (Link::WorkerToReports, UNMARK, "UnmarkDocumentAsVoided"),
        (Link::WorkerToBilling, CLOSE, "CloseDocumentVoiding"),
    ] {
        let attempts = env.commands(link, id, prefix);
        assert!(!attempts.is_empty(), "{command}");
        assert_one_key(&attempts, command);
    }
}

async fn compensate(env: &Env, publish: bool) -> DocumentId {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let refused = env.refused_completion(&document.document_id).await;
    if publish {
        let published = env.reports().publish(customer).await.ok();
        assert!(published.documents.iter().all(|d| d.voided), "{published:?}");
    }
    // Unmark is held, so that the states before and after it can be seen.
    let gate = env.proxy(Link::WorkerToReports).about(id).hold(UNMARK);
    let acknowledged = env.acknowledge(id).await.ok_as(202);
    assert_eq!(acknowledged["process_id"], json!(refused.process_id));
    gate.held().await;
    assert_eq!(env.billing().status(id).await, DocumentStatus::Issued, "Abort comes first");
    assert_eq!(env.commands(Link::WorkerToBilling, id, CLOSE).len(), 0, "Close comes last");
    gate.open();
    let ended = env.in_state(id, VoidingState::FailureAcknowledged).await;
    let acknowledgement = ended.acknowledgement.unwrap();
    assert_eq!(
        (acknowledgement.acknowledged_by.as_deref(), acknowledgement.note.as_deref()),
        (Some("alex"), Some("seen"))
    );
    assert_eq!((ended.incident, ended.failure), (None, None));
    assert_eq!(failure_type(env, id).await, "FailureAcknowledged");
    compensated_under_keys(env, id);
    assert_eq!(env.events(id).await, COMPENSATED);
    document.document_id
}

#[tokio::test]
async fn acknowledging_a_refused_completion_compensates_by_abort_unmark_and_close_and_a_new_voiding_may_start() {
    let env = &Env::builder(binaries!()).start().await;
    let id = &compensate(env, false).await;
    let first = env.api().voiding(id).await.ok().process_id;
    assert_eq!(env.acknowledge(id).await.refusal(), (409, "no-failure-to-acknowledge".to_owned()));
    env.assert_consistent().await;
    let again = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(again.state, VoidingState::DocumentVoided);
    assert_ne!(again.process_id, first);
    env.assert_consistent().await;
}

#[tokio::test]
async fn compensated_after_publication_the_document_counts_in_the_customers_next_report() {
    let env = &Env::builder(binaries!()).start().await;
    let id = &compensate(env, true).await;
    env.assert_consistent().await;
    let customer = env.billing().document(id).await.ok().customer_id;
    let [published, next] = &env.reports().reports_of(&customer).await[..] else { panic!("two reports") };
    assert_eq!((published.status, next.status), (ReportStatus::Published, ReportStatus::Open));
    assert!(published.totals.iter().all(|total| total.minor == 0), "{published:?}");
    assert_eq!(next.totals.iter().map(|total| total.minor).collect::<Vec<_>>(), [1234]);
    let again = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(again.state, VoidingState::DocumentVoided, "its new report is open");
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_process_aborted_by_hand_while_it_completes_is_compensated_once_acknowledged() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let gate = env.proxy(Link::WorkerToBilling).about(id).hold(COMPLETE);
    let process = env.api().post_voiding(id).await.ok_as(202).process_id.unwrap();
    gate.held().await;
    let _ = env.billing().abort(id, &process).await.ok();
    gate.open();
    let first = env.refused(id, "CompleteDocumentVoiding", "aborted").await.incident;
    let _ = env.api().retry(id).await.ok_as(202);
    env.until(id, "refused again", |voiding| voiding.incident.is_some() && voiding.incident != first).await;
    let _ = env.acknowledge(id).await.ok_as(202);
    env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(env.events(id).await, COMPENSATED);
    env.assert_consistent().await;
}

#[tokio::test]
async fn an_acknowledgement_while_abort_is_in_flight_counts_and_repeated_ones_change_nothing() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let _ = env.reports().publish(&document.customer_id).await.ok();
    let gate = env.proxy(Link::WorkerToBilling).about(id).hold(ABORT);
    let _ = env.api().post_voiding(id).await.ok_as(202);
    gate.held().await;
    let failed = env.in_state(id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    assert_eq!(failed.failure.unwrap().code, "report-published");
    let _ = env.acknowledge(id).await.ok_as(202);
    for late in [None, Some(json!({"acknowledged_by": "grace"}))] {
        env.signal_voiding(id, "acknowledge_failure", late).await;
    }
    let view = env.temporal().query_state(id).await.unwrap();
    assert_eq!(view.acknowledgement.and_then(|by| by.acknowledged_by).as_deref(), Some("alex"));
    assert_eq!(env.commands(Link::WorkerToBilling, id, CLOSE).len(), 0, "Abort is still in flight");
    gate.open();
    let ended = env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(ended.acknowledgement.unwrap().acknowledged_by.as_deref(), Some("alex"));
    assert_eq!(env.events(id).await, ACKNOWLEDGED);
    env.assert_consistent().await;
}

#[tokio::test]
async fn an_acknowledged_failure_ends_the_process_and_its_document_can_be_voided_anew() {
    let env = &Env::builder(binaries!()).start().await;
    let document = env.refused_marking().await.0;
    let id = &document.document_id;
    let _ = env.acknowledge(id).await.ok_as(202);
    env.in_state(id, VoidingState::FailureAcknowledged).await;
    assert_eq!(failure_type(env, id).await, "FailureAcknowledged");
    assert_eq!(env.events(id).await, ACKNOWLEDGED);
    let again = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(again.state, VoidingState::MarkingDocumentAsVoidedFailed, "the report is still published");
    env.assert_consistent().await;
}
