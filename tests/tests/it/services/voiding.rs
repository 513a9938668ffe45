//! Each command alone, and each in every state of its process.

use messages::{
    CustomerId, DocumentId, ProcessId,
    billing::{Document, DocumentStatus},
};
use tests::{Env, calls::Billing, sample};

use super::on_both_databases;

on_both_databases! {
    a_document_is_issued_once,
    a_document_is_voided,
    an_aborted_document_is_issued_again_and_can_be_voided_anew,
    billing_decides_by_the_state_of_the_process,
    a_marked_document_is_out_of_the_total_and_comes_back_unmarked,
    marking_is_refused_after_publication,
    another_process_can_neither_mark_nor_unmark,
    an_unmarked_document_of_a_published_report_counts_in_the_next_one,
    events_carry_the_process_and_their_cause,
}

async fn a_document_is_issued_once(env: &Env) {
    let invoice = sample::invoice(&sample::customer_id());
    let issued = env.billing().issue(&invoice).await;
    let document = issued.ok_as(201);
    assert_eq!(issued.header("location"), Some(format!("/documents/{}", document.document_id)));
    assert_eq!(document.status, DocumentStatus::Issued);
    assert_eq!(env.billing().issue(&invoice).await.ok_as(200), document);
    assert_eq!(env.billing().document(&document.document_id).await.ok(), document);
    let other = sample::invoice_of(&invoice.customer_id, "12.35");
    let other = messages::billing::IssueDocument { document_id: invoice.document_id.clone(), ..other };
    assert_eq!(env.billing().issue(&other).await.refusal(), (409, "document-exists".to_owned()));
    let without_id = messages::billing::IssueDocument { document_id: None, ..invoice };
    assert_ne!(env.billing().issue(&without_id).await.ok_as(201).document_id, document.document_id);
}

async fn a_document_is_voided(env: &Env) {
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let process = env.billing().void(id).await.ok_as(202).process_id;
    assert_eq!(env.billing().void(id).await.ok_as(202).process_id, process);
    let requested = env.billing().document(id).await.ok();
    assert_eq!((requested.status, &requested.process_id), (DocumentStatus::VoidingRequested, &Some(process.clone())));
    let open = env.billing().documents("?process=open").await.ok();
    assert_eq!(open.items, [requested]);
    assert_eq!(env.reports().mark(id, &document.customer_id, &process).await.status(), 200);
    assert_eq!(env.billing().complete(id, &process).await.ok_as(200).process_id, process);
    let voided = env.billing().document(id).await.ok();
    assert_eq!((voided.status, voided.process_id), (DocumentStatus::Voided, None));
    assert!(voided.voided_at.is_some());
    assert_eq!(env.billing().void(id).await.refusal(), (409, "document-already-voided".to_owned()));
    env.assert_consistent().await;
}

async fn an_aborted_document_is_issued_again_and_can_be_voided_anew(env: &Env) {
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let first = env.billing().void(id).await.ok().process_id;
    env.billing().abort(id, &first).await.ok_as(200);
    let aborted = env.billing().document(id).await.ok();
    assert_eq!((aborted.status, aborted.process_id), (DocumentStatus::Issued, Some(first.clone())));
    assert_eq!(env.billing().void(id).await.ok().process_id, first, "an aborted process is open until it is closed");
    env.billing().close(id, &first).await.ok_as(200);
    assert_eq!(env.billing().document(id).await.ok().process_id, None);
    assert_ne!(env.billing().void(id).await.ok_as(202).process_id, first);
    env.assert_consistent().await;
}

type Process = (Document, ProcessId);

async fn process_in(billing: &Billing, state: &str) -> Process {
    let document = billing.issue(&sample::invoice(&sample::customer_id())).await.ok();
    let id = document.document_id.clone();
    let process = billing.void(&id).await.ok().process_id;
    if state == "voided" {
        billing.complete(&id, &process).await.ok();
    }
    if matches!(state, "aborted" | "closed") {
        billing.abort(&id, &process).await.ok();
    }
    if state == "closed" {
        billing.close(&id, &process).await.ok();
    }
    (document, if state == "unknown" { sample::process_id() } else { process })
}

/// The table in section 4 of the design; none stands for success.
async fn billing_decides_by_the_state_of_the_process(env: &Env) {
    let table = [
        ("requested", [None, None, Some((409, "not-aborted"))]),
        ("aborted", [Some((409, "aborted")), None, None]),
        ("voided", [None, Some((409, "document-already-voided")), Some((409, "document-already-voided"))]),
        ("closed", [Some((409, "process-closed")), Some((409, "process-closed")), None]),
        ("unknown", [Some((409, "process-closed")), Some((409, "process-closed")), Some((404, "process-not-found"))]),
    ];
    let billing = env.billing();
    for (state, row) in table {
        for (command, expected) in ["complete", "abort", "close"].into_iter().zip(row) {
            let (document, process) = process_in(&billing, state).await;
            let answer = match command {
                "complete" => billing.complete(&document.document_id, &process).await,
                "abort" => billing.abort(&document.document_id, &process).await,
                _ => billing.close(&document.document_id, &process).await,
            };
            match expected {
                None => assert_eq!(answer.status(), 200, "{command} when {state}"),
                Some((status, code)) => {
                    assert_eq!(answer.refusal(), (status, code.to_owned()), "{command} when {state}")
                }
            }
        }
    }
    let unknown = billing.void(&sample::document_id()).await;
    assert_eq!(unknown.refusal(), (404, "document-not-found".to_owned()));
}

/// Returns the documents of the customer's reports and whether they are voided, oldest report first.
async fn reported(env: &Env, customer: &CustomerId) -> Vec<Vec<(DocumentId, bool)>> {
    let reports = env.reports().reports_of(customer).await;
    reports
        .into_iter()
        .map(|report| report.documents.into_iter().map(|d| (d.document_id, d.voided)).collect())
        .collect()
}

async fn a_marked_document_is_out_of_the_total_and_comes_back_unmarked(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    let marked = env.reports().mark(id, customer, &process).await.ok_as(200);
    assert_eq!((&marked.document_id, &marked.process_id), (id, &process));
    assert_eq!(reported(env, customer).await, [[(id.clone(), true)]]);
    env.assert_totals().await;
    env.reports().unmark(id, customer, &process).await.ok_as(200);
    assert_eq!(reported(env, customer).await, [[(id.clone(), false)]]);
    env.assert_totals().await;
}

async fn marking_is_refused_after_publication(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    let published = env.reports().publish(customer).await.ok_as(200);
    assert!(published.published_at.is_some());
    for _ in 0..2 {
        let refused = env.reports().mark(id, customer, &process).await;
        assert_eq!(refused.refusal(), (409, "report-published".to_owned()));
    }
    assert_eq!(env.reports().report(&published.report_id).await.ok(), published);
    env.billing().abort(id, &process).await.ok();
    env.billing().close(id, &process).await.ok();
    env.assert_consistent().await;
}

async fn another_process_can_neither_mark_nor_unmark(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let (one, other) = (sample::process_id(), sample::process_id());
    env.reports().mark(id, customer, &one).await.ok_as(200);
    let refused = env.reports().mark(id, customer, &other).await;
    assert_eq!(refused.refusal(), (409, "marked-by-another-process".to_owned()));
    env.reports().unmark(id, customer, &other).await.ok_as(200);
    assert_eq!(reported(env, customer).await, [[(id.clone(), true)]]);
}

async fn an_unmarked_document_of_a_published_report_counts_in_the_next_one(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    env.reports().mark(id, customer, &process).await.ok();
    let published = env.reports().publish(customer).await.ok();
    assert!(published.totals.iter().all(|total| total.minor == 0), "{published:?}");
    env.reports().unmark(id, customer, &process).await.ok_as(200);
    assert_eq!(env.reports().report(&published.report_id).await.ok().totals, published.totals);
    env.billing().abort(id, &process).await.ok();
    env.billing().close(id, &process).await.ok();
    env.assert_consistent().await;
    let next = env.reports().publish(customer).await.ok();
    assert_eq!((next.number, next.totals[0].minor), (published.number + 1, 1234));
}

async fn events_carry_the_process_and_their_cause(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    env.reports().within(&process, "mark").mark(id, customer, &process).await.ok();
    env.billing().within(&process, "complete").complete(id, &process).await.ok();
    let log = env.billing().log().await;
    let kinds: Vec<&str> = log.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["DocumentIssued", "DocumentVoidingRequested", "DocumentVoided"]);
    assert_eq!(log[0].correlationid, log[0].id, "outside a process, and without X-Correlation-Id");
    assert!(log[1..].iter().all(|event| event.correlationid == process.as_str()), "{log:?}");
    assert!(log.iter().all(|event| event.subject == id.as_str() && event.source == "/billing"), "{log:?}");
    let [marked] = &env.reports().log().await[..] else { panic!("one event") };
    assert_eq!(marked.kind, "MarkingDocumentAsVoidedSucceeded");
    assert_eq!((marked.correlationid.as_str(), marked.source.as_str()), (process.as_str(), "/reports"));
    assert_eq!(marked.data["customer_id"], customer.as_str());
    let other = env.billing().header("x-correlation-id", "mine").issue(&sample::invoice(customer)).await.ok();
    let last = env.billing().log().await.pop().unwrap();
    assert_eq!((last.subject.as_str(), last.correlationid.as_str()), (other.document_id.as_str(), "mine"));
}
