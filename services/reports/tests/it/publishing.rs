//! Publishing, reading and listing reports.

use serde_json::json;
use service_testing::on_each_database;

use crate::{billing::BillingLog, listed, mark, publish, reports_with, start, total};

#[tokio::test]
async fn publishing_closes_a_report_and_later_documents_open_the_next() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        assert_eq!(publish(client, "c").await.outcome(), (404, "no-open-report"));
        billing.issue("D1", "c");
        reports_with(client, "c", 1).await;
        let headers = [("idempotency-key", "once"), ("x-correlation-id", "month's-end")];
        let body = json!({"customer_id": "c"});
        let first = client.post_with("/commands/publish-report", &headers, body.clone()).await;
        assert_eq!((first.status, &first.body["number"], &first.body["status"]), (200, &json!(1), &json!("published")));
        assert!(first.body["published_at"].is_string());
        billing.issue("D2", "c");
        let both = reports_with(client, "c", 2).await;
        assert_eq!((&both[0], &both[1]["number"], listed(&both[1])), (&first.body, &json!(2), vec!["D2".to_owned()]));

        let again = client.post_with("/commands/publish-report", &headers, body).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        let other = client.post_with("/commands/publish-report", &headers, json!({"customer_id": "x"})).await;
        assert_eq!(other.outcome(), (422, "idempotency-key-reused"));
        let path = format!("/reports/{}", first.body["report_id"].as_str().unwrap());
        assert_eq!(client.get(&path).await.body, first.body);

        let log = client.get("/events").await;
        assert_eq!(log.headers["content-type"], "application/cloudevents-batch+json");
        let events = log.body;
        assert_eq!(events.as_array().unwrap().len(), 1);
        let told = json!({
            "report_id": first.body["report_id"], "customer_id": "c", "number": 1, "totals": first.body["totals"],
        });
        assert_eq!((&events[0]["type"], &events[0]["data"]), (&json!("ReportPublished"), &told));
        assert_eq!(events[0]["subject"], first.body["report_id"]);
        assert_eq!((&events[0]["correlationid"], &events[0]["causationid"]), (&json!("month's-end"), &json!("once")));
    })
    .await;
}

#[tokio::test]
async fn a_list_is_newest_first_and_pages_show_each_report_once() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let running = start(&billing, &database).await;
        let client = &running.client;
        for n in 1..=5 {
            billing.issue(&format!("D{n}"), &format!("c{n}"));
            reports_with(client, &format!("c{n}"), 1).await;
        }
        publish(client, "c4").await;
        let ids = async |query: &str| {
            let reports = client.all(&format!("/reports?{query}")).await;
            reports.iter().map(|report| report["customer_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids("limit=2").await, ["c5", "c4", "c3", "c2", "c1"]);
        assert_eq!(ids("limit=1&status=open").await, ["c5", "c3", "c2", "c1"]);
        assert_eq!(ids("status=published").await, ["c4"]);
        assert_eq!(ids("customer_id=c2").await, ["c2"]);
    })
    .await;
}

#[tokio::test]
async fn a_command_that_breaks_a_rule_is_refused_with_its_code() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        for (path, expected) in [
            ("/reports/nowhere", (404, "report-not-found")),
            ("/reports/a%20b", (400, "invalid-id")),
            ("/reports?status=void", (400, "invalid-parameter")),
            ("/reports?cursor=x", (400, "invalid-parameter")),
            ("/reports?limit=0", (400, "invalid-parameter")),
            ("/commands/publish-report", (405, "method-not-allowed")),
        ] {
            assert_eq!(client.get(path).await.outcome(), expected, "{path}");
        }
        for command in ["mark-document-as-voided", "unmark-document-as-voided", "publish-report"] {
            let path = format!("/commands/{command}");
            assert_eq!(client.post(&path, json!({})).await.outcome(), (422, "invalid-body"));
            assert_eq!(client.post(&path, json!(["c", "c", "c"])).await.outcome(), (422, "invalid-body"));
        }
        assert_eq!(client.get("/openapi.json").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_the_newest_documents_and_the_totals_of_all() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let running = start(&billing, &database).await;
        let client = &running.client;
        for n in 1..=130 {
            billing.issue(&format!("D{n}"), "c");
        }
        billing.issue("E1", "e");
        reports_with(client, "e", 1).await;
        assert_eq!(mark(client, "D1", "p").await.status, 200);
        let list = client.get("/reports?customer_id=c").await.body;
        let listed_report = &list["items"][0];
        let whole = client.get(&format!("/reports/{}", listed_report["report_id"].as_str().unwrap())).await.body;
        let newest: Vec<_> = (31..=130).map(|n| format!("D{n}")).collect();
        assert_eq!(listed(listed_report), newest);
        assert_eq!(listed(&whole).len(), 130);
        for report in [listed_report, &whole] {
            assert_eq!(total(report), "1290.00");
            assert_eq!((&report["document_count"], &report["voided_count"]), (&json!(130), &json!(1)));
        }
    })
    .await;
}
