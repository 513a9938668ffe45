//! Two commands, or a command and an event, at the same time.

use std::time::Duration;

use futures::future::join_all;
use messages::{
    CustomerId, DocumentId, ProcessId,
    billing::{Document, DocumentStatus},
    reports::ReportStatus,
};
use tests::{Env, Fault, Gate, Link, calls::until_answered, sample};

use super::on_both_databases;

on_both_databases! {
    publish_and_mark_race_and_exactly_one_wins,
    mark_and_document_issued_at_once_leave_the_document_voided,
    publish_and_document_issued_at_once_lose_no_document,
    mark_publish_and_document_issued_at_once_keep_the_services_in_agreement,
    voidings_of_many_documents_of_one_customer_at_once_keep_the_total_right,
}

/// Waits up to a few milliseconds, so that either side of a race may come first.
async fn hesitate() {
    tokio::time::sleep(Duration::from_micros(rand::random_range(0..6_000))).await;
}

/// Requests the voiding, marks the document and ends its process as the answer demands.
async fn void(env: &Env, document: &Document) -> bool {
    let process = until_answered(async || env.billing().void(&document.document_id).await).await.ok().process_id;
    mark_and_end(env, document, process).await
}

/// Marks the document and ends its process as the answer demands, like the process manager. Returns whether it is
/// voided.
async fn mark_and_end(env: &Env, document: &Document, process: ProcessId) -> bool {
    let (id, customer) = (&document.document_id, &document.customer_id);
    hesitate().await;
    let mark = env.reports().within(&process, "mark");
    let marked = until_answered(async || mark.mark(id, customer, &process).await).await;
    let billing = |command| env.billing().within(&process, command);
    if marked.status() == 200 {
        let complete = billing("complete");
        until_answered(async || complete.complete(id, &process).await).await.ok();
        return true;
    }
    assert_eq!(marked.refusal(), (409, "report-published".to_owned()));
    let (abort, close) = (billing("abort"), billing("close"));
    until_answered(async || abort.abort(id, &process).await).await.ok();
    until_answered(async || close.close(id, &process).await).await.ok();
    false
}

async fn counts_in_published(env: &Env, customer: &CustomerId, id: &DocumentId) -> bool {
    let reports = env.reports().reports_of(customer).await;
    let published = reports.iter().filter(|report| report.status == ReportStatus::Published);
    published.flat_map(|report| &report.documents).any(|d| d.document_id == *id && !d.voided)
}

async fn publish_and_mark_race_and_exactly_one_wins(env: &Env) {
    let documents = join_all((0..60).map(|_| env.issue_reported())).await;
    let mut voided = 0;
    for some in documents.chunks(10) {
        let races = some.iter().enumerate().map(async |(number, document)| {
            let publish = async {
                hesitate().await;
                until_answered(async || env.reports().publish(&document.customer_id).await).await
            };
            let process = until_answered(async || env.billing().void(&document.document_id).await).await;
            let mark = mark_and_end(env, document, process.ok().process_id);
            // The first two leave no doubt who wins; the others may go either way.
            let (won, published) = match number {
                0 => {
                    let published = publish.await;
                    (mark.await, published)
                }
                1 => (mark.await, publish.await),
                _ => tokio::join!(mark, publish),
            };
            let published = published.ok_as(200);
            let counted = counts_in_published(env, &document.customer_id, &document.document_id).await;
            assert_eq!(won, !counted, "{published:?}");
            assert_eq!(env.reports().report(&published.report_id).await.ok(), published, "what is published stays");
            usize::from(won)
        });
        voided += join_all(races).await.into_iter().sum::<usize>();
    }
    assert!((1..60).contains(&voided), "each side won at times: {voided} of 60 voided");
    env.assert_consistent().await;
}

/// Holds back the feed: while the gate is closed, Reports receives nothing from Billing; once opened, it receives
/// everything at once.
async fn hold_the_feed(env: &Env) -> Gate {
    let proxy = env.proxy(Link::ReportsToBilling);
    let gate = Gate::default();
    proxy.fault("/events", Fault::Hold(gate.clone()));
    proxy.down().await;
    proxy.up();
    gate
}

async fn issue(env: &Env, customer: &CustomerId, count: usize) -> Vec<Document> {
    let mut documents = Vec::new();
    for _ in 0..count {
        documents.push(env.issue(&sample::invoice(customer)).await);
    }
    documents
}

async fn mark_and_document_issued_at_once_leave_the_document_voided(env: &Env) {
    for _ in 0..5 {
        let customer = sample::customer_id();
        let gate = hold_the_feed(env).await;
        let documents = issue(env, &customer, 20).await;
        gate.held().await;
        gate.open();
        let voided = join_all(documents.iter().map(|document| void(env, document))).await;
        assert_eq!(voided, vec![true; 20]);
        env.assert_consistent().await;
        env.proxy(Link::ReportsToBilling).heal();
    }
}

async fn publish_and_document_issued_at_once_lose_no_document(env: &Env) {
    for _ in 0..5 {
        let customer = sample::customer_id();
        let gate = hold_the_feed(env).await;
        issue(env, &customer, 20).await;
        gate.held().await;
        gate.open();
        let publications = (0..10).map(async |_| {
            hesitate().await;
            let answer = env.reports().publish(&customer).await;
            if answer.status() == 200 { Some(answer.ok()) } else { None }
        });
        let published = join_all(publications).await;
        env.assert_consistent().await;
        for report in published.into_iter().flatten() {
            assert_eq!(env.reports().report(&report.report_id).await.ok(), report, "what is published stays");
        }
        env.proxy(Link::ReportsToBilling).heal();
    }
}

async fn mark_publish_and_document_issued_at_once_keep_the_services_in_agreement(env: &Env) {
    for _ in 0..5 {
        let customer = sample::customer_id();
        let gate = hold_the_feed(env).await;
        let documents = issue(env, &customer, 12).await;
        gate.held().await;
        gate.open();
        let publish = async {
            for _ in 0..10 {
                hesitate().await;
                let _ = env.reports().publish(&customer).await;
            }
        };
        let (outcomes, ()) = tokio::join!(join_all(documents.iter().map(|document| void(env, document))), publish);
        for (document, voided) in documents.iter().zip(outcomes) {
            let status = if voided { DocumentStatus::Voided } else { DocumentStatus::Issued };
            assert_eq!(env.billing().status(&document.document_id).await, status);
        }
        env.assert_consistent().await;
        env.proxy(Link::ReportsToBilling).heal();
    }
}

async fn voidings_of_many_documents_of_one_customer_at_once_keep_the_total_right(env: &Env) {
    let customer = sample::customer_id();
    let documents = issue(env, &customer, 60).await;
    env.await_reported().await;
    join_all(documents[..40].iter().map(|document| void(env, document))).await;
    env.assert_consistent().await;
    let [report] = &env.reports().reports_of(&customer).await[..] else { panic!("one report") };
    assert_eq!(report.totals[0].minor, 20 * 1234);
}
