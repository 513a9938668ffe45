//! Idempotency keys: same key and body, one effect and one answer.

use futures::future::join_all;
use messages::billing::{DocumentStatus, IssueDocument};
use tests::{Env, calls::until_answered, sample};

use super::on_both_databases;

on_both_databases! {
    the_same_key_and_body_are_answered_as_before,
    the_same_key_with_another_body_is_refused,
    a_key_is_answered_with_its_process_even_when_that_is_closed,
    a_refusal_is_not_kept_under_its_key,
    parallel_requests_with_one_key_take_effect_once,
    a_key_survives_a_crash_of_the_service,
    a_key_that_cannot_be_kept_is_refused,
}

async fn the_same_key_and_body_are_answered_as_before(env: &Env) {
    let billing = env.billing().key(sample::unique("key"));
    let without_id = IssueDocument { document_id: None, ..sample::invoice(&sample::customer_id()) };
    let (first, second) = (billing.issue(&without_id).await, billing.issue(&without_id).await);
    assert_eq!(second.ok_as(201), first.ok_as(201));
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(env.billing().log().await.len(), 1);
}

async fn the_same_key_with_another_body_is_refused(env: &Env) {
    let one = env.issue_reported().await;
    let other = env.issue_reported().await;
    let reused = (422, "idempotency-key-reused".to_owned());
    let key = sample::unique("key");
    let (billing, reports) = (env.billing().key(&key), env.reports().key(&key));
    let process = billing.void(&one.document_id).await.ok().process_id;
    assert_eq!(billing.void(&other.document_id).await.refusal(), reused);
    let issue = sample::invoice(&one.customer_id);
    assert_eq!(billing.issue(&issue).await.refusal(), reused, "the same key for another command");
    reports.mark(&one.document_id, &one.customer_id, &process).await.ok();
    assert_eq!(reports.mark(&other.document_id, &other.customer_id, &process).await.refusal(), reused);
    assert_eq!(reports.publish(&one.customer_id).await.refusal(), reused);
    assert_eq!(env.billing().status(&other.document_id).await, DocumentStatus::Issued);
}

async fn a_key_is_answered_with_its_process_even_when_that_is_closed(env: &Env) {
    let id = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok().document_id;
    let billing = env.billing().key(sample::unique("key"));
    let process = billing.void(&id).await.ok_as(202).process_id;
    env.billing().abort(&id, &process).await.ok();
    env.billing().close(&id, &process).await.ok();
    assert_eq!(billing.void(&id).await.ok_as(202).process_id, process);
    assert_eq!(env.billing().status(&id).await, DocumentStatus::Issued, "the repetition opens no process");
    let next = env.billing().void(&id).await.ok().process_id;
    env.billing().complete(&id, &next).await.ok();
    assert_eq!(billing.void(&id).await.ok_as(202).process_id, process, "not even when the document is voided");
}

async fn a_refusal_is_not_kept_under_its_key(env: &Env) {
    let id = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok().document_id;
    let process = env.billing().void(&id).await.ok().process_id;
    let close = env.billing().within(&process, "close");
    assert_eq!(close.close(&id, &process).await.refusal(), (409, "not-aborted".to_owned()));
    env.billing().abort(&id, &process).await.ok();
    assert_eq!(close.close(&id, &process).await.status(), 200);
    let unknown = sample::invoice(&sample::customer_id());
    let void = env.billing().key(sample::unique("key"));
    let unknown_id = unknown.document_id.as_ref().unwrap();
    assert_eq!(void.void(unknown_id).await.refusal(), (404, "document-not-found".to_owned()));
    let publish = env.reports().key(sample::unique("key"));
    assert_eq!(publish.publish(&unknown.customer_id).await.refusal(), (404, "no-open-report".to_owned()));
    env.billing().issue(&unknown).await.ok();
    assert_eq!(void.void(unknown_id).await.status(), 202);
    env.await_reported().await;
    assert_eq!(publish.publish(&unknown.customer_id).await.status(), 200);
}

async fn parallel_requests_with_one_key_take_effect_once(env: &Env) {
    let billing = env.billing().key(sample::unique("key"));
    let without_id = IssueDocument { document_id: None, ..sample::invoice(&sample::customer_id()) };
    let answers = join_all((0..50).map(|_| until_answered(async || billing.issue(&without_id).await))).await;
    let first = answers[0].ok_as(201);
    assert!(answers.iter().all(|answer| answer.ok_as(201) == first));
    assert_eq!(env.billing().log().await.len(), 1);
}

async fn a_key_survives_a_crash_of_the_service(env: &Env) {
    let billing = env.billing().key(sample::unique("key"));
    let id = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok().document_id;
    let process = billing.void(&id).await.ok().process_id;
    env.kill(tests::Component::Billing).await;
    env.start(tests::Component::Billing).await;
    assert_eq!(billing.void(&id).await.ok().process_id, process);
    assert_eq!(env.billing().log().await.len(), 2);
}

async fn a_key_that_cannot_be_kept_is_refused(env: &Env) {
    let invoice = sample::invoice(&sample::customer_id());
    for key in [String::new(), "a b".to_owned(), "x".repeat(256)] {
        let refused = env.billing().key(key).issue(&invoice).await;
        assert_eq!(refused.refusal(), (400, "invalid-header".to_owned()));
    }
    assert_eq!(env.billing().key("x".repeat(255)).issue(&invoice).await.status(), 201);
}
