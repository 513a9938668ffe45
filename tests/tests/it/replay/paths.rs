//! Every path through a voiding, driven on a real system.

use messages::{DocumentId, voiding::VoidingState};
use serde_json::{Value, json};
use tests::{Env, Fault, Link, eventually_eq, workflow_id};

/// The paths, by the names of their files.
pub(super) const NAMES: [&str; 15] = [
    "document-voided",
    "document-voided-after-an-incident",
    "failure-acknowledged",
    "failure-acknowledged-during-abort",
    "completion-refused-then-retried",
    "completion-refused-then-compensated",
    "abort-refused-then-retried",
    "process-closed-after-a-recheck",
    "process-closed-after-the-marking",
    "started-by-hand",
    "void-document-refused",
    "invalid-input",
    "subscription",
    "failure-acknowledged-with-attention",
    "completion-refused-then-retried-with-attention",
];

/// The same path, recorded when the run published whether it needs attention.
const WITH_ATTENTION: &str = "-with-attention";

const MARK: &str = "/commands/mark-";
const ABORT: &str = "/commands/abort-";

/// Walks the path, and returns the id of the workflow whose history shows it.
pub(super) async fn walk(env: &Env, name: &str) -> String {
    let document = env.issue_reported().await;
    let id = &document.document_id;
    match name.trim_end_matches(WITH_ATTENTION) {
        "document-voided" => voided(env, id).await,
        "document-voided-after-an-incident" => after_an_incident(env, id).await,
        "failure-acknowledged" => acknowledged(env, id).await,
        "failure-acknowledged-during-abort" => acknowledged_during_abort(env, id).await,
        "completion-refused-then-retried" => retried(env, id).await,
        "completion-refused-then-compensated" => compensated(env, id).await,
        "abort-refused-then-retried" => abort_refused(env, id).await,
        "process-closed-after-a-recheck" => rechecked(env, id).await,
        "process-closed-after-the-marking" => forged(env, id).await,
        "started-by-hand" => start(env, id, &json!({"document_id": id})).await,
        "void-document-refused" => {
            let unknown: DocumentId = tests::sample::document_id();
            start(env, &unknown, &json!({"document_id": unknown})).await;
            return workflow_id(&unknown);
        }
        "invalid-input" => start(env, id, &json!(["no", "object"])).await,
        "subscription" => return "subscription-voiding".to_owned(),
        _ => panic!("no path {name}"),
    }
    workflow_id(id)
}

async fn incident(env: &Env, id: &DocumentId) {
    let shown = async || env.api().voiding(id).await.try_ok().ok().map(|voiding| voiding.incident.is_some());
    eventually_eq("the incident", Some(true), shown).await;
}

async fn request(env: &Env, id: &DocumentId) {
    let _ = env.api().post_voiding(id).await.ok_as(202);
}

async fn refused(env: &Env, id: &DocumentId) {
    let customer = env.billing().document(id).await.ok().customer_id;
    let _ = env.reports().publish(&customer).await.ok();
    request(env, id).await;
}

async fn start(env: &Env, id: &DocumentId, input: &Value) {
    env.temporal().start(&workflow_id(id), std::slice::from_ref(input)).await.unwrap();
}

async fn voided(env: &Env, id: &DocumentId) {
    request(env, id).await;
    env.in_state(id, VoidingState::DocumentVoided).await;
}

async fn after_an_incident(env: &Env, id: &DocumentId) {
    let proxy = env.proxy(Link::WorkerToReports);
    proxy.fault(MARK, Fault::status(500));
    request(env, id).await;
    incident(env, id).await;
    proxy.heal();
    env.in_state(id, VoidingState::DocumentVoided).await;
}

async fn acknowledged(env: &Env, id: &DocumentId) {
    refused(env, id).await;
    env.in_state(id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    env.signal_voiding(id, "acknowledge_failure", Some(json!([1]))).await;
    env.signal_voiding(id, "retry", Some(json!(null))).await;
    env.signal_voiding(id, "nobody_knows_this_one", Some(json!({}))).await;
    env.signal_voiding(id, "acknowledge_failure", Some(json!({"acknowledged_by": "alex", "note": "seen"}))).await;
    env.in_state(id, VoidingState::FailureAcknowledged).await;
}

async fn acknowledged_during_abort(env: &Env, id: &DocumentId) {
    let proxy = env.proxy(Link::WorkerToBilling);
    proxy.fault(ABORT, Fault::status(503));
    refused(env, id).await;
    env.in_state(id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    env.signal_voiding(id, "acknowledge_failure", Some(json!({}))).await;
    proxy.heal();
    env.in_state(id, VoidingState::FailureAcknowledged).await;
}

async fn retried(env: &Env, id: &DocumentId) {
    env.refused_completion(id).await;
    env.signal_voiding(id, "retry", Some(json!({"failure_id": "another"}))).await;
    env.signal_voiding(id, "retry", Some(json!({}))).await;
    env.in_state(id, VoidingState::DocumentVoided).await;
}

async fn compensated(env: &Env, id: &DocumentId) {
    env.refused_completion(id).await;
    env.signal_voiding(id, "acknowledge_failure", Some(json!({"note": "left as it is"}))).await;
    env.in_state(id, VoidingState::FailureAcknowledged).await;
}

async fn abort_refused(env: &Env, id: &DocumentId) {
    env.proxy(Link::WorkerToBilling).refuse_times(1, ABORT, 409, "strange");
    refused(env, id).await;
    incident(env, id).await;
    env.signal_voiding(id, "retry", Some(json!({}))).await;
    env.in_state(id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    env.signal_voiding(id, "acknowledge_failure", Some(json!({}))).await;
    env.in_state(id, VoidingState::FailureAcknowledged).await;
}

async fn rechecked(env: &Env, id: &DocumentId) {
    refused(env, id).await;
    env.in_state(id, VoidingState::MarkingDocumentAsVoidedFailed).await;
    let aborted = async || env.billing().status(id).await == messages::billing::DocumentStatus::Issued;
    eventually_eq("the abort", true, aborted).await;
    let process = env.billing().document(id).await.ok().process_id.unwrap();
    let _ = env.billing().close(id, &process).await.ok();
    env.signal_voiding(id, "recheck", Some(json!({}))).await;
}

async fn forged(env: &Env, id: &DocumentId) {
    let customer = env.billing().document(id).await.ok().customer_id;
    start(env, id, &json!({"document_id": id, "customer_id": customer, "process_id": "forged"})).await;
}
