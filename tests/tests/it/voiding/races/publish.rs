//! Publication of a report and voiding of its document at the same time, through the whole system.

use crate::start;
use futures::future::join_all;
use messages::{
    DocumentId,
    billing::{Document, DocumentStatus},
    reports::ReportStatus,
    voiding::VoidingState,
};
use tests::{Env, Link, calls::until_answered, eventually, eventually_eq, voiding::MARK};

/// Moments at which the report is published: the first and the last leave no doubt who wins, the others may go either
/// way.
const MOMENTS: usize = 5;

/// Waits for the moment of the voiding at which the report is published.
async fn at(moment: usize, env: &Env, id: &DocumentId) {
    let status = async || env.billing().status(id).await;
    match moment {
        0 | 1 => (),
        2 => {
            eventually("Billing has accepted the voiding", async || match status().await {
                DocumentStatus::Issued => Err("issued"),
                _ => Ok(()),
            })
            .await
        }
        3 => {
            eventually("the marking is sent", async || match &env.commands(Link::WorkerToReports, id, MARK)[..] {
                [] => Err("not yet"),
                _ => Ok(()),
            })
            .await
        }
        _ => eventually_eq("the document is voided", DocumentStatus::Voided, status).await,
    }
}

/// Returns whether the document was voided. Exactly one of the two has won.
async fn race(env: &Env, document: &Document, moment: usize) -> bool {
    let (id, customer) = (&document.document_id, &document.customer_id);
    let publish = async {
        at(moment, env, id).await;
        until_answered(async || env.reports().publish(customer).await).await.ok()
    };
    let request = async || env.api().post_voiding_until_answered(id).await.ok_as(202);
    let published = if moment == 0 {
        let published = publish.await;
        request().await;
        published
    } else {
        tokio::join!(publish, request()).0
    };
    let voided = eventually("the voiding is settled", async || {
        let document = env.billing().document(id).await.try_ok()?;
        match (document.status, &document.process_id) {
            (DocumentStatus::Voided, _) => Ok(true),
            (DocumentStatus::Issued, Some(_)) => Ok(false),
            _ => Err(format!("{document:?}")),
        }
    })
    .await;
    let counted = published.documents.iter().any(|d| d.document_id == *id && !d.voided);
    assert_eq!(voided, !counted, "{published:?}");
    assert_eq!(env.reports().report(&published.report_id).await.ok(), published, "what is published stays");
    voided
}

#[tokio::test]
async fn publish_and_void_race_on_the_same_report_and_exactly_one_wins() {
    let env = start().await;
    let documents = join_all((0..60).map(|_| env.issue_reported())).await;
    let races = documents.iter().enumerate().map(|(number, document)| race(&env, document, number % MOMENTS));
    let voided = join_all(races).await;
    let won = voided.iter().filter(|voided| **voided).count();
    assert!((1..60).contains(&won), "each side won at times: {won} of 60 voided");
    env.assert_consistent().await;

    for (document, voided) in documents.iter().zip(&voided) {
        let expected = if *voided { VoidingState::DocumentVoided } else { VoidingState::MarkingDocumentAsVoidedFailed };
        let id = &document.document_id;
        env.await_view(id, "the process tells the outcome", |view| view.state == expected).await;
        if !voided {
            let _ = env.acknowledge(id).await.ok_as(202);
        }
    }
    for (document, _) in documents.iter().zip(&voided).filter(|(_, voided)| !**voided) {
        eventually("the process is closed", async || {
            let document = env.billing().document(&document.document_id).await.try_ok()?;
            if document.process_id.is_none() { Ok(document) } else { Err(format!("{document:?}")) }
        })
        .await;
    }
    let reports = env.reports().all_reports().await;
    assert!(reports.iter().all(|report| report.status == ReportStatus::Published), "each report was published once");
    env.assert_consistent().await;
}
