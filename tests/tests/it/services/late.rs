//! Commands and events that arrive late, twice, or in another order.

use messages::{billing::DocumentStatus, reports::ReportStatus};
use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;
use tests::{Component, Env, Fault, Link, eventually, sample};

use super::on_both_databases;

on_both_databases! {
    document_issued_that_arrives_after_its_mark_does_not_bring_it_back,
    document_issued_that_arrives_after_its_mark_was_taken_back_counts,
    a_mark_of_an_unknown_document_goes_by_the_customer_of_billing,
    the_log_read_from_its_origin_again_changes_nothing,
    events_that_come_again_count_once,
    reports_killed_while_it_follows_counts_each_document_once,
    late_duplicates_of_all_commands_change_nothing,
    a_mark_that_comes_after_its_unmark_is_refused,
    a_refused_mark_stays_refused_when_it_comes_again,
    reports_stops_at_another_log_and_says_so,
}

async fn document_issued_that_arrives_after_its_mark_does_not_bring_it_back(env: &Env) {
    env.proxy(Link::ReportsToBilling).down().await;
    let document = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok();
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    env.reports().mark(id, customer, &process).await.ok_as(200);
    env.billing().complete(id, &process).await.ok();
    assert_eq!(env.reports().publish(customer).await.refusal(), (404, "no-open-report".to_owned()));
    env.proxy(Link::ReportsToBilling).up();
    env.assert_consistent().await;
    let [report] = &env.reports().reports_of(customer).await[..] else { panic!("one report") };
    assert!(report.documents[0].voided);
}

async fn document_issued_that_arrives_after_its_mark_was_taken_back_counts(env: &Env) {
    env.proxy(Link::ReportsToBilling).down().await;
    let document = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok();
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    env.reports().mark(id, customer, &process).await.ok();
    env.reports().unmark(id, customer, &process).await.ok();
    env.billing().abort(id, &process).await.ok();
    env.billing().close(id, &process).await.ok();
    env.proxy(Link::ReportsToBilling).up();
    env.assert_consistent().await;
}

async fn a_mark_of_an_unknown_document_goes_by_the_customer_of_billing(env: &Env) {
    env.proxy(Link::ReportsToBilling).down().await;
    let document = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok();
    let (id, wrong) = (&document.document_id, sample::customer_id());
    let process = env.billing().void(id).await.ok().process_id;
    assert_eq!(env.reports().mark(id, &wrong, &process).await.ok().customer_id, wrong);
    env.proxy(Link::ReportsToBilling).up();
    env.await_document_reported(&document).await;
    assert!(env.reports().reports_of(&wrong).await.is_empty());
    let answer = env.reports().mark(id, &wrong, &process).await.ok();
    assert_eq!(answer.customer_id, document.customer_id, "once Reports knows the document");
    env.billing().complete(id, &process).await.ok();
    env.assert_consistent().await;
}

/// Creates issued, voided, published and open documents of one customer.
async fn some_history(env: &Env) -> messages::CustomerId {
    let customer = sample::customer_id();
    for round in 0..2 {
        for amount in ["1.00", "20.00", "300.00"] {
            let document = env.billing().issue(&sample::invoice_of(&customer, amount)).await.ok();
            env.await_document_reported(&document).await;
            if amount == "20.00" {
                let process = env.billing().void(&document.document_id).await.ok().process_id;
                env.reports().mark(&document.document_id, &customer, &process).await.ok();
                env.billing().complete(&document.document_id, &process).await.ok();
            }
        }
        if round == 0 {
            env.reports().publish(&customer).await.ok();
        }
    }
    customer
}

async fn the_log_read_from_its_origin_again_changes_nothing(env: &Env) {
    let customer = some_history(env).await;
    let before = env.reports().reports_of(&customer).await;
    env.stop(Component::Reports).await;
    let database = Database::connect(env.variable(Component::Reports, "REPORTS_DATABASE_URL")).await.unwrap();
    database.execute_unprepared("UPDATE followed_logs SET position = 0").await.unwrap();
    database.close().await.unwrap();
    env.start(Component::Reports).await;
    // A document issued now comes after everything that is read again.
    env.issue_reported().await;
    assert_eq!(env.reports().reports_of(&customer).await, before);
    env.assert_consistent().await;
}

async fn events_that_come_again_count_once(env: &Env) {
    let customer = some_history(env).await;
    let before = env.reports().reports_of(&customer).await;
    let body = serde_json::to_string(&env.billing().log().await).unwrap();
    let content_type = messages::EVENTS_MEDIA_TYPE.to_owned();
    env.proxy(Link::ReportsToBilling).fault_times(3, "/events", Fault::Answer { status: 200, content_type, body });
    env.issue_reported().await;
    assert_eq!(env.reports().reports_of(&customer).await, before);
    env.assert_consistent().await;
}

async fn reports_killed_while_it_follows_counts_each_document_once(env: &Env) {
    let customer = sample::customer_id();
    env.proxy(Link::ReportsToBilling).down().await;
    for _ in 0..150 {
        env.billing().issue(&sample::invoice(&customer)).await.ok();
    }
    env.proxy(Link::ReportsToBilling).up();
    for _ in 0..4 {
        let before = counted(env, &customer).await;
        eventually("Reports goes on", async || match counted(env, &customer).await {
            now if now > before || now == 150 => Ok(()),
            now => Err(now),
        })
        .await;
        env.kill(Component::Reports).await;
        env.start(Component::Reports).await;
    }
    env.assert_consistent().await;
    assert_eq!(counted(env, &customer).await, 150);
}

async fn counted(env: &Env, customer: &messages::CustomerId) -> usize {
    env.reports().reports_of(customer).await.iter().map(|report| report.documents.len()).sum()
}

async fn late_duplicates_of_all_commands_change_nothing(env: &Env) {
    let (voided, kept) = (env.issue_reported().await, env.issue_reported().await);
    let billing = env.billing();
    let void = |key: &str| billing.key(format!("{}/{key}", voided.document_id));
    let first = void("first").void(&voided.document_id).await.ok().process_id;
    let second = billing.key("kept").void(&kept.document_id).await.ok().process_id;
    let send_all = async || {
        let (id, customer) = (&voided.document_id, &voided.customer_id);
        let _ = void("first").void(id).await;
        let _ = env.reports().within(&first, "mark").mark(id, customer, &first).await;
        let _ = billing.within(&first, "complete").complete(id, &first).await;
        let (id, customer) = (&kept.document_id, &kept.customer_id);
        let _ = billing.key("kept").void(id).await;
        let _ = env.reports().within(&second, "mark").mark(id, customer, &second).await;
        let _ = billing.within(&second, "abort").abort(id, &second).await;
        let _ = env.reports().within(&second, "unmark").unmark(id, customer, &second).await;
        let _ = billing.within(&second, "close").close(id, &second).await;
    };
    send_all().await;
    let seen = async || (billing.log().await.len(), env.reports().log().await.len(), env.reports().all_reports().await);
    let after_the_first = seen().await;
    for _ in 0..2 {
        send_all().await;
        assert_eq!(seen().await, after_the_first);
    }
    // Without their keys as well.
    let _ = env.reports().mark(&kept.document_id, &kept.customer_id, &second).await;
    let _ = billing.complete(&kept.document_id, &second).await;
    let _ = billing.abort(&voided.document_id, &first).await;
    assert_eq!(seen().await, after_the_first);
    assert_eq!(billing.status(&voided.document_id).await, DocumentStatus::Voided);
    assert_eq!(billing.status(&kept.document_id).await, DocumentStatus::Issued);
    env.assert_consistent().await;
}

async fn a_mark_that_comes_after_its_unmark_is_refused(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let process = env.billing().void(id).await.ok().process_id;
    env.billing().abort(id, &process).await.ok();
    env.reports().unmark(id, customer, &process).await.ok_as(200);
    env.billing().close(id, &process).await.ok();
    assert_eq!(env.reports().mark(id, customer, &process).await.problem().status, 409);
    env.assert_consistent().await;
}

async fn a_refused_mark_stays_refused_when_it_comes_again(env: &Env) {
    let document = env.issue_reported().await;
    let (id, customer) = (&document.document_id, &document.customer_id);
    let (one, other) = (sample::process_id(), sample::process_id());
    env.reports().mark(id, customer, &one).await.ok();
    let refused = (409, "marked-by-another-process".to_owned());
    assert_eq!(env.reports().mark(id, customer, &other).await.refusal(), refused);
    env.reports().unmark(id, customer, &one).await.ok();
    assert_eq!(env.reports().mark(id, customer, &other).await.refusal(), refused);
    let [report] = &env.reports().reports_of(customer).await[..] else { panic!("one report") };
    assert_eq!((report.status, report.documents[0].voided), (ReportStatus::Open, false));
}

/// A Billing with another database has another log, which may even have the same length.
async fn reports_stops_at_another_log_and_says_so(env: &Env) {
    env.issue_reported().await;
    let mut other = env.billing().log().await;
    other[0].logid = sample::unique("log");
    let content_type = messages::EVENTS_MEDIA_TYPE.to_owned();
    let body = serde_json::to_string(&other).unwrap();
    env.proxy(Link::ReportsToBilling).fault("/events", Fault::Answer { status: 200, content_type, body });
    env.kill(Component::Reports).await;
    env.start(Component::Reports).await;
    let reports = env.reports();
    let said = eventually("Reports says that it is not ready", async || {
        let answer = reports.raw().get::<Value>("/readyz").await;
        if answer.answered(503) { Ok(answer) } else { Err(answer.to_string()) }
    })
    .await;
    assert!(said.problem().detail.contains("log"), "{said}");
    assert!(env.log(Component::Reports).contains(&other[0].logid), "the log names the other log");
}
