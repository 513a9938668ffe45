//! Following Billing's log.

use std::time::Duration;

use reports::Reports;
use serde_json::json;
use service_testing::{Running, on_each_database};
use test_support::eventually_eq;

use crate::{
    billing::{BillingLog, event},
    listed, mark, reports_with, start, total,
};

#[tokio::test]
async fn events_of_another_type_and_repeated_ones_hold_nothing_up() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        billing.issue("D1", "c");
        billing.append(json!({"type": "SomethingElse"}));
        billing.append(event("SomethingElse", json!(null)));
        billing.append(event("DocumentVoided", json!({"document_id": "a b"})));
        billing.append(event("DocumentVoided", json!({"document_id": "D1", "customer_id": "c", "process_id": "P"})));
        billing.issue("D1", "c");
        billing.issue("D1", "other");
        billing.issue("D2", "c");
        let reports = start(&billing, &database).await;
        let report = reports_with(&reports.client, "c", 2).await.remove(0);
        assert_eq!((listed(&report), total(&report)), (vec!["D1".to_owned(), "D2".to_owned()], "20.00"));
        assert!(reports_with(&reports.client, "other", 0).await.is_empty());
        assert_eq!(reports.client.get("/readyz").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_document_that_cannot_be_read_stops_the_follower_visibly_until_an_operator_skips_it() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        billing.issue("D1", "c");
        billing.append(event("SomethingElse", json!(null)));
        billing.append(event("DocumentIssued", json!({"document_id": "a b"})));
        billing.issue("D2", "c");
        billing.append(json!("nonsense"));
        billing.append(json!({"type": "DocumentIssued"}));
        billing.issue("D3", "c");
        for (skip, stops_at, listed_then) in [
            (&[][..], Some(3), &["D1"][..]),
            // A restart alone changes nothing.
            (&[], Some(3), &["D1"]),
            (&[3], Some(5), &["D1", "D2"]),
            (&[3, 5], Some(6), &["D1", "D2"]),
            // A readable event counts, whatever is listed.
            (&[3, 5, 6, 7], None, &["D1", "D2", "D3"]),
        ] {
            let following = Reports::following(billing.url()).unwrap().skipping(skip.iter().copied());
            let reports = Running::start(following, &database).await;
            if let Some(position) = stops_at {
                stops(&reports, &format!("the event at position {position} cannot be read")).await;
            }
            let report = reports_with(&reports.client, "c", listed_then.len()).await.remove(0);
            assert_eq!(listed(&report), listed_then);
            if stops_at.is_none() {
                assert_eq!(reports.client.get("/readyz").await.status, 200);
            }
            reports.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn after_a_restart_the_log_is_read_on_and_each_event_counts_once() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        billing.issue("D1", "c");
        let reports = start(&billing, &database).await;
        reports_with(&reports.client, "c", 1).await;
        mark(&reports.client, "D1", "P1").await;
        reports.stop().await;
        billing.issue("D2", "c");
        let reports = start(&billing, &database).await;
        assert_eq!(listed(&reports_with(&reports.client, "c", 2).await[0]), ["-D1", "D2"]);
    })
    .await;
}

#[tokio::test]
async fn reports_waits_for_a_billing_that_is_down_and_goes_on() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        billing.set_down(true);
        billing.issue("D1", "c");
        let reports = start(&billing, &database).await;
        assert_eq!(mark(&reports.client, "D1", "P1").await.status, 200);
        assert_eq!(reports.client.get("/readyz").await.status, 200);
        billing.set_down(false);
        assert_eq!(listed(&reports_with(&reports.client, "c", 1).await[0]), ["-D1"]);
    })
    .await;
}

async fn stops(reports: &Running, why: &str) {
    eventually_eq("it is not ready", 503, async || reports.client.get("/readyz").await.status).await;
    let answer = reports.client.get("/readyz").await;
    assert_eq!(answer.outcome(), (503, "not-ready"));
    assert!(answer.body["detail"].as_str().unwrap().contains(why), "{answer:?}");
    let metrics = reports.client.get("/metrics").await.body;
    assert!(metrics.as_str().unwrap().contains("reports_follower_stopped"));
}

#[tokio::test]
async fn a_log_that_lost_events_or_is_another_one_stops_the_follower_visibly() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        billing.issue("D1", "c");
        billing.issue("D2", "c");
        reports_with(&reports.client, "c", 2).await;
        billing.lose(1);
        stops(&reports, "ends before position 2").await;
        reports.stop().await;

        let another = BillingLog::start().await;
        another.replace("another");
        for document in ["X1", "X2", "X3"] {
            another.issue(document, "c");
        }
        let reports = start(&another, &database).await;
        stops(&reports, "the log is another one").await;
        assert_eq!(listed(&reports_with(&reports.client, "c", 2).await[0]), ["D1", "D2"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_instances_on_one_database_count_each_event_once() {
    on_each_database(async |database| {
        const DOCUMENTS: usize = 300;
        let billing = BillingLog::start().await;
        let instances =
            [start(&billing, &database).await, start(&billing, &database).await, start(&billing, &database).await];
        for n in 0..DOCUMENTS {
            billing.issue(&format!("D{n}"), "c");
            if n % 50 == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let report = reports_with(&instances[1].client, "c", DOCUMENTS).await.remove(0);
        let expected: Vec<String> = (0..DOCUMENTS).map(|n| format!("D{n}")).collect();
        assert_eq!((listed(&report), total(&report)), (expected, "3000.00"));
    })
    .await;
}
