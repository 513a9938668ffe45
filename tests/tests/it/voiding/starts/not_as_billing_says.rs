//! Starts by the Temporal CLI, or another client, with an input that differs from what Billing says.

use messages::{
    CustomerId, DocumentId, ProcessId,
    billing::{Document, DocumentStatus},
    reports::ReportStatus,
};
use serde_json::json;
use tests::{Component, Env, Fault, Gate, Link, binaries, eventually_eq, sample, workflow_id};

/// Builds a system whose worker the test starts, so that the test's run exists before the subscription looks.
pub(super) async fn without_worker() -> Env {
    Env::builder(binaries!()).later(Component::Worker).start().await
}

pub(super) async fn start_run(env: &Env, id: &DocumentId, customer: &CustomerId, process: &ProcessId) {
    let input = json!({"document_id": id, "customer_id": customer, "process_id": process});
    env.temporal().start(&workflow_id(id), &[input]).await.unwrap();
}

/// Returns the last words of the paths of the commands that the worker has sent, in order. A repeated command counts
/// once.
fn commands(env: &Env, link: Link) -> Vec<String> {
    let sent = env.proxy(link).requests_to("/commands/");
    let words = sent.into_iter().map(|request| request.path.trim_start_matches("/commands/").to_owned());
    let mut words: Vec<_> = words.collect();
    words.dedup();
    words
}

#[tokio::test]
async fn a_start_after_the_process_was_closed_ends_as_process_closed_and_leaves_no_mark() {
    let env = without_worker().await;
    let Document { document_id: id, customer_id: customer, .. } = &env.issue_reported().await;
    let closed = env.billing().void(id).await.ok().process_id;
    let _ = env.billing().abort(id, &closed).await.ok();
    let _ = env.billing().close(id, &closed).await.ok();
    start_run(&env, id, customer, &closed).await;
    env.start(Component::Worker).await;
    env.await_runs(id, &[(&closed, "ProcessClosed")]).await;
    assert_eq!(commands(&env, Link::WorkerToReports), ["mark-document-as-voided", "unmark-document-as-voided"]);
    assert_eq!(commands(&env, Link::WorkerToBilling), ["complete-document-voiding"]);
    env.assert_consistent().await;

    let next = env.api().post_voiding_to_its_end(id).await.ok_as(200).process_id.unwrap();
    env.await_runs(id, &[(&closed, "ProcessClosed"), (&next, "Completed")]).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_forged_process_id_beside_an_open_process_ends_and_the_real_process_voids() {
    let env = without_worker().await;
    let Document { document_id: id, customer_id: customer, .. } = &env.issue_reported().await;
    let (forged, real) = (sample::process_id(), env.billing().void(id).await.ok().process_id);
    start_run(&env, id, customer, &forged).await;
    env.start(Component::Worker).await;
    env.await_runs(id, &[(&forged, "ProcessClosed"), (&real, "Completed")]).await;
    assert_eq!(env.billing().status(id).await, DocumentStatus::Voided);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_forged_process_id_while_no_process_is_open_changes_nothing() {
    let env = without_worker().await;
    let (open, published) = (env.issue_reported().await, env.issue_reported().await);
    let report = env.reports().publish(&published.customer_id).await.ok();
    let forged = sample::process_id();
    for Document { document_id: id, customer_id: customer, .. } in [&open, &published] {
        start_run(&env, id, customer, &forged).await;
    }
    env.start(Component::Worker).await;
    for document in [&open, &published] {
        env.await_runs(&document.document_id, &[(&forged, "ProcessClosed")]).await;
        assert_eq!(env.billing().document(&document.document_id).await.ok(), *document);
    }
    assert_eq!(env.reports().report(&report.report_id).await.ok(), report);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_wrong_customer_does_not_touch_that_customers_report() {
    let env = without_worker().await;
    let (one, other, bystander) = (env.issue_reported().await, env.issue_reported().await, env.issue_reported().await);
    for (document, wrong) in [(&one, &bystander.customer_id), (&other, &sample::customer_id())] {
        let process = env.billing().void(&document.document_id).await.ok().process_id;
        start_run(&env, &document.document_id, wrong, &process).await;
    }
    env.start(Component::Worker).await;
    for Document { document_id: id, customer_id: customer, .. } in [&one, &other] {
        let voided = DocumentStatus::Voided;
        eventually_eq("the document is voided", voided, async || env.billing().status(id).await).await;
        let [report] = &env.reports().reports_of(customer).await[..] else { panic!("one report of {customer}") };
        assert!(report.documents[0].voided, "{report:?}");
        assert_eq!(env.temporal().query_state(id).await.unwrap().customer_id.as_ref(), Some(customer));
    }
    let [report] = &env.reports().reports_of(&bystander.customer_id).await[..] else { panic!("one report") };
    assert_eq!((report.status, report.documents.len(), report.documents[0].voided), (ReportStatus::Open, 1, false));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_wrong_customer_of_a_document_that_reports_does_not_know_yet_is_forgotten() {
    let env = without_worker().await;
    let feed = Gate::default();
    env.proxy(Link::ReportsToBilling).fault("/events", Fault::Hold(feed.clone()));
    // A request that is already waiting at Billing is answered with this document; the next one is held.
    let _ = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok();
    feed.held().await;
    let document = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok();
    let (id, wrong) = (&document.document_id, sample::customer_id());
    let process = env.billing().void(id).await.ok().process_id;
    start_run(&env, id, &wrong, &process).await;
    env.start(Component::Worker).await;
    env.await_runs(id, &[(&process, "Completed")]).await;
    assert!(env.reports().reports_of(&document.customer_id).await.is_empty(), "Reports has not heard of it yet");
    env.proxy(Link::ReportsToBilling).heal();
    feed.open();
    env.await_document_reported(&document).await;
    let [report] = &env.reports().reports_of(&document.customer_id).await[..] else { panic!("one report") };
    assert!(report.documents[0].voided, "{report:?}");
    assert!(env.reports().reports_of(&wrong).await.is_empty());
    env.assert_consistent().await;
}

/// The same process marks twice under the same idempotency key, the second time with the right customer.
#[tokio::test]
async fn a_run_with_a_wrong_customer_that_ends_early_does_not_block_the_run_that_takes_it_up() {
    let env = without_worker().await;
    let id = &env.issue_reported().await.document_id;
    let process = env.billing().void(id).await.ok().process_id;
    start_run(&env, id, &sample::customer_id(), &process).await;
    env.proxy(Link::WorkerToBilling).fault("/commands/complete-", Fault::Hang);
    env.start(Component::Worker).await;
    env.proxy(Link::WorkerToBilling).await_requests(1, "/commands/complete-").await;
    env.await_durable(id).await;
    env.temporal().terminate(id).await.unwrap();
    env.proxy(Link::WorkerToBilling).heal();
    env.await_runs(id, &[(&process, "Terminated"), (&process, "Completed")]).await;
    env.assert_consistent().await;
}
