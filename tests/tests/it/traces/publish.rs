//! Publication of a report and voiding of its document at the same time, through the whole system.

use std::time::Duration;

use futures::future::join_all;
use messages::{
    billing::{Document, DocumentStatus},
    reports::ReportStatus,
    voiding::VoidingState,
};
use tests::{Env, eventually};

use super::{acknowledge, runs::SOON, start};

/// The time in which all voidings are under way, so that either side of a race may come first.
const SPREAD: u64 = 2_000_000;

/// Whether the document was voided. Exactly one of the two has won.
async fn race(env: &Env, document: &Document) -> bool {
    let (id, customer) = (&document.document_id, &document.customer_id);
    let api = env.api();
    let publish = async {
        tokio::time::sleep(Duration::from_micros(rand::random_range(0..SPREAD))).await;
        env.reports().publish(customer).await.ok()
    };
    let (accepted, published) = tokio::join!(api.post_voiding(id), publish);
    let process = accepted.ok_as(202).process_id;
    let settled = eventually(SOON, "the voiding is settled", async || {
        let voiding = env.api().voiding(id).await.ok();
        match voiding.state {
            VoidingState::DocumentVoided => Ok(true),
            VoidingState::MarkingDocumentAsVoidedFailed => Ok(false),
            _ => Err(voiding),
        }
    });
    let voided = settled.await;
    let counted = published.documents.iter().any(|d| d.document_id == *id && !d.voided);
    assert_eq!(voided, !counted, "{process:?} and {published:?}");
    assert_eq!(env.reports().report(&published.report_id).await.ok(), published, "what is published stays");
    voided
}

#[tokio::test]
async fn publish_and_void_race_on_the_same_report_and_exactly_one_wins() {
    let env = start().await;
    let documents = join_all((0..60).map(|_| env.issue_reported())).await;
    let voided = join_all(documents.iter().map(|document| race(&env, document))).await;
    let won = voided.iter().filter(|voided| **voided).count();
    assert!((1..60).contains(&won), "each side won at times: {won} of 60 voided");
    env.assert_consistent().await;

    let failed = documents.iter().zip(&voided).filter(|(_, voided)| !**voided).map(|(document, _)| document);
    join_all(failed.map(async |document| {
        acknowledge(&env, &document.document_id).await;
        eventually(SOON, "the process is closed", async || {
            let document = env.billing().document(&document.document_id).await.ok();
            if document.process_id.is_none() { Ok(()) } else { Err(document) }
        })
        .await;
        assert_eq!(env.billing().status(&document.document_id).await, DocumentStatus::Issued);
    }))
    .await;
    let reports = env.reports().all_reports().await;
    assert!(reports.iter().all(|report| report.status == ReportStatus::Published), "each report was published once");
    env.assert_consistent().await;
}
