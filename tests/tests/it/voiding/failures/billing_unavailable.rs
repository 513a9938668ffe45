//! Billing cannot be reached, or its answer is lost.

use crate::start;
use messages::{billing::DocumentStatus, voiding::VoidingState::DocumentVoided};
use tests::{Component, Fault, Link, eventually_eq};

#[tokio::test]
async fn while_billing_cannot_be_reached_nothing_is_started_and_voidings_are_still_shown() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let id = env.issue_reported().await.document_id;
    let proxy = env.proxy(Link::ApiToBilling);
    let unavailable = (503, "billing-unavailable".to_owned());
    proxy.down().await;
    let answer = env.api().post_voiding_and_wait(&id, 5).await;
    assert_eq!(answer.refusal(), unavailable);
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(env.api().voiding(&document.document_id).await.ok(), refused);
    proxy.up();
    // Something in between has rejected it, or Billing itself cannot work now.
    for fault in [404, 409, 301].map(Fault::status).into_iter().chain([Fault::problem(503, "database-unavailable")]) {
        proxy.fault_times(1, "/commands/void-document", fault.clone());
        assert_eq!(env.api().post_voiding(&id).await.refusal(), unavailable, "{fault:?}");
    }
    // These do not say whether Billing has accepted it.
    for fault in [500, 502, 503].map(Fault::status).into_iter().chain([Fault::problem(500, "internal")]) {
        proxy.fault_times(1, "/commands/void-document", fault.clone());
        let answer = env.api().post_voiding(&id).await;
        assert_eq!(answer.refusal(), (504, "billing-timeout".to_owned()), "{fault:?}");
        assert!(answer.header("idempotency-key").is_some(), "the key that tells: {answer}");
    }
    assert_eq!(env.billing().status(&id).await, DocumentStatus::Issued);
    assert!(env.temporal().describe(&id).await.is_none());
    assert_eq!(env.api().voiding(&id).await.refusal(), (404, "voiding-not-found".to_owned()));

    assert_eq!(env.api().post_voiding_to_its_end(&id).await.ok_as(200).state, DocumentVoided);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_goes_on_and_is_answered_when_it_comes_again() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let api = env.api().key("client-key");
    env.proxy(Link::ApiToBilling).fault_times(1, "/commands/void-document", Fault::LoseAnswer);
    let lost = api.post_voiding(&id).await;
    assert_eq!(lost.refusal(), (504, "billing-timeout".to_owned()));
    assert_eq!(lost.header("idempotency-key").as_deref(), Some("client-key"));
    let voided = env.in_state(&id, DocumentVoided).await;
    let again = api.post_voiding_to_its_end(&id).await.ok_as(200);
    assert_eq!((again.process_id, again.state), (voided.process_id, DocumentVoided));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_request_that_billing_accepts_too_late_may_have_been_accepted_and_its_key_tells_the_process() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let process = env.proxy(Link::WorkerToReports).about(&id).hold("/commands/mark-");
    let answer = env.proxy(Link::ApiToBilling).hold_answer("/commands/void-document");
    let late = env.api().post_voiding(&id).await;
    assert_eq!(late.refusal(), (504, "billing-timeout".to_owned()));
    let open = env.billing().document(&id).await.ok().process_id;
    assert!(open.is_some(), "Billing has accepted it");
    // The client gave no key, so it asks with the one that the api made.
    let again = env.api().key(late.header("idempotency-key").unwrap()).post_voiding(&id).await;
    assert_eq!(again.ok_as(202).process_id, open);
    answer.open();
    process.open();
    assert_eq!(env.in_state(&id, DocumentVoided).await.process_id, open);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_connection_that_is_refused_says_for_certain_that_nothing_is_open() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.proxy(Link::ApiToBilling).down().await;
    let answer = env.api().post_voiding(&id).await;
    assert_eq!(answer.refusal(), (503, "billing-unavailable".to_owned()));
    assert_eq!(env.billing().document(&id).await.ok().process_id, None);
    let log = env.billing().log().await;
    assert!(log.iter().all(|event| event.kind != "DocumentVoidingRequested"), "{log:?}");
}

#[tokio::test]
async fn where_temporal_has_forgotten_a_voiding_billing_still_tells_of_it() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.kill(Component::Worker).await;
    let process = env.billing().void(&id).await.ok().process_id;
    let shown = env.api().voiding(&id).await.ok();
    assert_eq!(shown.process_id.as_ref(), Some(&process));
    assert!(shown.steps.is_empty() && shown.rest["steps_missing"].is_string(), "{shown:?}");
    env.start(Component::Worker).await;
    eventually_eq("voided", DocumentStatus::Voided, async || env.billing().status(&id).await).await;
    assert!(!env.in_state(&id, DocumentVoided).await.steps.is_empty());
    env.assert_consistent().await;
}
