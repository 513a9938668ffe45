//! Starts under another workflow id, or for a document that does not exist.

use messages::voiding::VoidingState;
use serde_json::json;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Component, Env, Fault, Link, eventually_eq, sample, workflow_id};

use super::not_as_billing_says::start_run;
use super::not_as_billing_says::without_worker;

async fn status(env: &Env, workflow_id: &str) -> Option<WorkflowExecutionStatus> {
    let runs = env.temporal().list(&format!("WorkflowId = '{workflow_id}'")).await;
    runs.first().map(|run| run.status())
}

#[tokio::test]
async fn a_start_under_another_workflow_id_ends_as_invalid_input_and_sends_nothing() {
    let env = without_worker().await;
    let (document, other) = (env.issue_reported().await, env.issue_reported().await);
    let process = env.billing().void(&document.document_id).await.ok().process_id;
    let input = json!({
        "document_id": document.document_id, "customer_id": document.customer_id, "process_id": process
    });
    let ids = [workflow_id(&other.document_id), document.document_id.to_string(), "voiding-".to_owned()];
    for id in &ids {
        env.temporal().start(id, std::slice::from_ref(&input)).await.unwrap();
    }
    env.start(Component::Worker).await;
    for id in &ids {
        eventually_eq(id, Some(WorkflowExecutionStatus::Failed), async || status(&env, id).await).await;
    }
    // The process itself runs under its own id, once.
    env.await_runs(&document.document_id, &[(&process, "Completed")]).await;
    let sent = env.proxy(Link::WorkerToBilling).requests_to("/commands/");
    let is_complete = |path: &str| path == "/commands/complete-document-voiding";
    let of_the_process = sent.iter().all(|it| is_complete(&it.path) && it.json()["process_id"] == process.as_str());
    assert!(!sent.is_empty() && of_the_process, "the one Complete of the one process: {sent:?}");
    let not_found = env.api().voiding(&other.document_id).await.refusal();
    assert_eq!(not_found, (404, "voiding-not-found".to_owned()), "the api passes over such a run");
    env.assert_consistent().await;
}

/// Its commands and the real one's carry the same idempotency keys.
#[tokio::test]
async fn a_process_id_of_another_document_ends_and_the_real_process_waits_visibly() {
    let env = without_worker().await;
    let (document, other) = (env.issue_reported().await, env.issue_reported().await);
    let (id, elsewhere) = (&document.document_id, &other.document_id);
    let process = env.billing().void(id).await.ok().process_id;
    start_run(&env, elsewhere, &other.customer_id, &process).await;
    let billing = env.proxy(Link::WorkerToBilling);
    for path in ["/events", "/documents?"] {
        billing.fault(path, Fault::status(503));
    }
    env.start(Component::Worker).await;
    env.await_runs(elsewhere, &[(&process, "ProcessClosed")]).await;
    billing.heal();

    let view = env.await_view(id, "the marking is refused", |view| view.failure.is_some()).await;
    assert_eq!(view.failure.unwrap().code, "idempotency-key-reused");
    let _ = env.acknowledge(id).await.ok_as(202);
    env.await_runs(id, &[(&process, "FailureAcknowledged")]).await;
    env.assert_consistent().await;
    let voided = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(voided.state, VoidingState::DocumentVoided);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_start_for_a_document_that_nobody_knows_leaves_nothing_that_would_void_it_later() {
    let env = without_worker().await;
    let invoice = sample::invoice(&sample::customer_id());
    let id = invoice.document_id.as_ref().unwrap();
    let forged = sample::process_id();
    start_run(&env, id, &invoice.customer_id, &forged).await;
    let alone = sample::document_id();
    env.temporal().start(&workflow_id(&alone), &[json!({"document_id": alone})]).await.unwrap();
    env.start(Component::Worker).await;
    env.await_runs(id, &[(&forged, "ProcessClosed")]).await;
    eventually_eq("Billing refuses", Some(WorkflowExecutionStatus::Failed), async || {
        status(&env, &workflow_id(&alone)).await
    })
    .await;
    assert_eq!(env.api().voiding(&alone).await.refusal(), (404, "voiding-not-found".to_owned()));

    let document = env.billing().issue(&invoice).await.ok_as(201);
    env.await_document_reported(&document).await;
    let [report] = &env.reports().reports_of(&document.customer_id).await[..] else { panic!("one report") };
    assert_eq!((report.documents.len(), report.documents[0].voided), (1, false), "it counts");
    env.assert_consistent().await;
    let voided = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(voided.state, VoidingState::DocumentVoided);
    env.assert_consistent().await;
}
