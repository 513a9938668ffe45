//! Starts that name a process or a customer that Billing did not name.

use crate::start;
use messages::{
    billing::DocumentStatus,
    voiding::VoidingState::{DocumentVoided, MarkingDocumentAsVoidedFailed},
};
use serde_json::json;
use tests::{Component, Env, binaries, eventually_eq, sample};

#[tokio::test]
async fn a_forged_process_is_closed_without_effect_and_the_document_can_still_be_voided() {
    let env = start().await;
    for document in [env.issue_reported().await, env.issue_published().await] {
        let id = &document.document_id;
        let forged =
            json!({"document_id": id, "customer_id": document.customer_id, "process_id": sample::process_id()});
        let _ = env.start_by_cli(id, &forged.to_string()).await.ok();
        assert_eq!(env.temporal().ended_as(id).await, "ProcessClosed");
        assert!(!env.temporal().has_failed_task(id).await);
        let in_billing = env.billing().document(id).await.ok();
        assert_eq!((in_billing.status, in_billing.process_id), (DocumentStatus::Issued, None));
        env.assert_consistent().await;
        let voiding = env.api().post_voiding_to_its_end(id).await.ok_as(200);
        assert_ne!(voiding.process_id, Some(forged["process_id"].as_str().unwrap().parse().unwrap()));
        assert!([DocumentVoided, MarkingDocumentAsVoidedFailed].contains(&voiding.state), "{voiding:?}");
        assert_eq!(env.api().voiding(id).await.ok(), voiding);
    }
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_forged_process_in_the_place_of_an_open_one_makes_way_for_it() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    let document = env.issue_reported().await;
    let id = &document.document_id;
    let process = env.billing().void(id).await.ok().process_id;
    let forged = json!({"document_id": id, "customer_id": document.customer_id, "process_id": sample::process_id()});
    let _ = env.start_by_cli(id, &forged.to_string()).await.ok();
    env.start(Component::Worker).await;
    eventually_eq("voided", DocumentStatus::Voided, async || env.billing().status(id).await).await;
    assert_eq!(env.in_state(id, DocumentVoided).await.process_id, Some(process));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_forged_process_without_a_customer_asks_billing_and_voids_under_the_real_one() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let forged = sample::process_id();
    let _ = env.start_by_cli(&id, &json!({"document_id": id, "process_id": forged}).to_string()).await.ok();
    assert_eq!(env.temporal().ended_as(&id).await, "Completed");
    let voided = env.api().voiding(&id).await.ok();
    assert_eq!(voided.state, DocumentVoided);
    assert_ne!(voided.process_id, Some(forged));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_wrong_customer_is_put_right_and_the_other_customers_report_is_left_alone() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    let (document, other) = (env.issue_reported().await, env.issue_reported().await);
    let id = &document.document_id;
    let before = env.reports().reports_of(&other.customer_id).await;
    let process = env.billing().void(id).await.ok().process_id;
    let wrong = json!({"document_id": id, "customer_id": other.customer_id, "process_id": process});
    let _ = env.start_by_cli(id, &wrong.to_string()).await.ok();
    env.start(Component::Worker).await;
    let voided = env.in_state(id, DocumentVoided).await;
    assert_eq!((voided.process_id, voided.customer_id), (Some(process), Some(document.customer_id)));
    assert_eq!(env.reports().reports_of(&other.customer_id).await, before);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_start_of_a_document_whose_process_waits_starts_none_and_of_a_closed_one_opens_another() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let id = &document.document_id;
    let again = env.start_by_cli(id, &json!({"document_id": id}).to_string()).await;
    let run = env.temporal().describe(id).await.unwrap().execution.unwrap().run_id;
    assert!(again.ok().contains(&run), "the run that is there is used: {again:?}");
    assert_eq!(env.api().voiding(id).await.ok(), refused);
    let _ = env.acknowledged(id).await;
    let closed = json!({"document_id": id, "customer_id": document.customer_id, "process_id": refused.process_id});
    let _ = env.start_by_cli(id, &closed.to_string()).await.ok();
    assert_eq!(env.temporal().ended_as(id).await, "ProcessClosed");
    let shown = env.api().voiding(id).await.ok();
    assert_eq!(shown.process_id, refused.process_id);
    let _ = env.start_by_cli(id, &json!({"document_id": id}).to_string()).await.ok();
    let anew = env.in_state(id, MarkingDocumentAsVoidedFailed).await;
    assert_ne!(anew.process_id, refused.process_id);
    let _ = env.acknowledged(id).await;
    env.assert_consistent().await;
}
