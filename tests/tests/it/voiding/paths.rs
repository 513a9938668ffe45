//! The paths that a voiding may take.

use crate::start;
use messages::{
    billing::DocumentStatus,
    voiding::VoidingState::{
        self, DocumentVoided, FailureAcknowledged, MarkingDocumentAsVoidedFailed, MarkingDocumentAsVoidedSucceeded,
        VoidingRequested,
    },
};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use tests::{Env, Link, calls::Voiding, eventually, eventually_eq, sample};

fn states(voiding: &Voiding) -> Vec<VoidingState> {
    voiding.steps.iter().map(|step| step.state).collect()
}

#[tokio::test]
async fn a_document_is_voided_and_the_total_of_its_report_follows() {
    let env = start().await;
    let customer = sample::customer_id();
    let document = env.billing().issue(&sample::invoice_of(&customer, "120.00")).await.ok();
    let other = env.billing().issue(&sample::invoice_of(&customer, "80.00")).await.ok();
    env.await_reported().await;
    let id = &document.document_id;

    let answer = env.api().post_voiding_to_its_end(id).await;
    let voiding = answer.ok_as(200);
    assert_eq!(answer.header("location"), Some(format!("/voidings/{id}")));
    assert_eq!((voiding.state, voiding.customer_id.as_ref()), (DocumentVoided, Some(&customer)));
    assert_eq!(states(&voiding), [VoidingRequested, MarkingDocumentAsVoidedSucceeded, DocumentVoided]);
    assert!(voiding.steps.is_sorted_by_key(|step| step.at), "{voiding:?}");
    assert!(voiding.requested_at <= voiding.updated_at, "{voiding:?}");
    assert_eq!((&voiding.failure, &voiding.incident, &voiding.acknowledgement), (&None, &None, &None));
    assert_eq!(env.api().voiding(id).await.ok(), voiding);

    assert_eq!(env.billing().status(id).await, DocumentStatus::Voided);
    assert_eq!(env.billing().status(&other.document_id).await, DocumentStatus::Issued);
    let [report] = &env.reports().reports_of(&customer).await[..] else { panic!("one report") };
    assert_eq!(json!(report.totals), json!([{"amount": "80.00", "currency": "EUR"}]));
    assert_eq!(env.temporal().ended_as(id).await, "Completed");

    assert_eq!(env.api().post_voiding(id).await.refusal(), (409, "document-already-voided".to_owned()));
    assert_eq!(env.api().voiding(id).await.ok(), voiding);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_voiding_on_the_good_path_has_at_most_nine_history_events_and_one_workflow_task() {
    let env = start().await;
    // On a busy machine a voiding may leave the good path: then another one is checked.
    eventually("a voiding of few events and one workflow task", async || {
        let id = &env.issue_reported().await.document_id;
        let _ = env.api().post_voiding_to_its_end(id).await.ok_as(200);
        assert_eq!(env.temporal().ended_as(id).await, "Completed");
        let history = env.temporal().history(id).await;
        let kinds: Vec<_> = history.iter().map(|event| event.event_type()).collect();
        let count = |kind| kinds.iter().filter(|other| **other == kind).count();
        let tasks = [EventType::WorkflowTaskScheduled, EventType::WorkflowTaskCompleted].map(count);
        if kinds.len() <= 9 && tasks == [1, 1] { Ok(()) } else { Err(kinds) }
    })
    .await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn after_publication_a_voiding_is_refused_and_waits_visibly_until_it_is_acknowledged() {
    let env = start().await;
    let (document, voiding) = env.refused_marking().await;
    let id = &document.document_id;
    let failure = voiding.failure.as_ref().unwrap();
    assert_eq!(failure.code, "report-published");
    assert_eq!(failure.failure_id, format!("{}/1", voiding.process_id.as_ref().unwrap()));
    assert_eq!(states(&voiding), [VoidingRequested, MarkingDocumentAsVoidedFailed]);
    let in_billing = env.billing().document(id).await.ok();
    assert_eq!((in_billing.status, in_billing.process_id), (DocumentStatus::Issued, voiding.process_id.clone()));
    assert_listed(&env, "?open=true", Some(&voiding)).await;
    assert_eq!(env.api().post_voiding(id).await.ok_as(202).process_id, voiding.process_id);

    let body = json!({"acknowledged_by": "alex", "note": "told the customer"});
    let _ = env.api().acknowledge(id, &body).await.ok_as(202);
    let acknowledged = env.in_state(id, FailureAcknowledged).await;
    let acknowledgement = acknowledged.acknowledgement.as_ref().unwrap();
    assert_eq!(acknowledgement.acknowledged_by.as_deref(), Some("alex"));
    assert_eq!(acknowledgement.note.as_deref(), Some("told the customer"));
    assert_eq!(acknowledged.failure, voiding.failure);
    assert_eq!(states(&acknowledged), [VoidingRequested, MarkingDocumentAsVoidedFailed, FailureAcknowledged]);
    assert_eq!(env.temporal().ended_as(id).await, "FailureAcknowledged");
    assert_eq!(env.billing().document(id).await.ok().process_id, None);
    assert_listed(&env, "?open=true", None).await;
    assert_listed(&env, "?open=false", Some(&env.api().voiding(id).await.ok())).await;
    env.assert_consistent().await;
}

/// Checks that the only voiding of the system is on this list, or that none is. Visibility lags.
async fn assert_listed(env: &Env, query: &str, expected: Option<&Voiding>) {
    let expected: Vec<Voiding> = expected.into_iter().cloned().collect();
    let probe = async || env.api().voidings(query).await.ok().items;
    eventually_eq(&format!("the list {query}"), expected, probe).await;
}

#[tokio::test]
async fn after_the_acknowledgement_the_document_can_be_voided_again() {
    let env = start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    env.proxy(Link::WorkerToReports).refuse_times(1, "/commands/mark-", 409, "report-published");
    let first = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!(first.state, MarkingDocumentAsVoidedFailed);
    assert_eq!(env.acknowledged(id).await.process_id, first.process_id);
    assert_eq!(env.billing().status(id).await, DocumentStatus::Issued);

    let second = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!((second.state, &second.failure, &second.acknowledgement), (DocumentVoided, &None, &None));
    assert_ne!(second.process_id, first.process_id);
    assert_eq!(env.api().voiding(id).await.ok(), second);
    let refusal = env.api().post_voiding_to_its_end(id).await.refusal();
    assert_eq!(refusal, (409, "document-already-voided".to_owned()));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_document_of_a_published_report_can_be_refused_and_acknowledged_again_and_again() {
    let env = start().await;
    let (document, first) = env.refused_marking().await;
    let id = &document.document_id;
    let _ = env.acknowledged(id).await;
    let second = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    assert_eq!((second.state, &second.acknowledgement), (MarkingDocumentAsVoidedFailed, &None));
    assert_ne!(second.process_id, first.process_id);
    let none: Value = env.api().acknowledge(id, &json!({})).await.ok_as(202);
    assert_eq!(none["process_id"], json!(second.process_id));
    assert_eq!(env.in_state(id, FailureAcknowledged).await.process_id, second.process_id);
    env.assert_consistent().await;
}
