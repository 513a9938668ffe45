//! Marking and unmarking.

use serde_json::{Value, json};
use service_testing::on_each_database;

use crate::{billing::BillingLog, listed, mark, publish, reports_with, start, total, unmark};

#[tokio::test]
async fn a_marked_document_leaves_the_total_and_comes_back_when_unmarked() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        billing.issue("D1", "c");
        billing.issue("D2", "c");
        assert_eq!(total(&reports_with(client, "c", 2).await[0]), "20.00");

        let answer = mark(client, "D1", "P1").await;
        let known = json!({"document_id": "D1", "customer_id": "c", "process_id": "P1"});
        assert_eq!((answer.status, &answer.body), (200, &known));
        let report = reports_with(client, "c", 2).await.remove(0);
        assert_eq!((listed(&report), total(&report)), (vec!["-D1".to_owned(), "D2".to_owned()], "10.00"));
        assert_eq!(mark(client, "D1", "P1").await.status, 200);
        assert_eq!(mark(client, "D1", "P2").await.outcome(), (409, "marked-by-another-process"));
        assert_eq!(unmark(client, "D1", "P3").await.status, 200);
        assert_eq!(total(&reports_with(client, "c", 2).await[0]), "10.00");

        assert_eq!(unmark(client, "D1", "P1").await.body, known);
        assert_eq!(unmark(client, "D1", "P1").await.status, 200);
        assert_eq!(total(&reports_with(client, "c", 2).await[0]), "20.00");
        assert_eq!(mark(client, "D1", "P4").await.status, 200);

        let events = client.events().await;
        let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "MarkingDocumentAsVoidedSucceeded",
                "MarkingDocumentAsVoidedFailed",
                "DocumentUnmarkedAsVoided",
                "MarkingDocumentAsVoidedSucceeded"
            ]
        );
        assert_eq!((&events[0]["correlationid"], &events[0]["data"]), (&json!("P1"), &known));
        assert_eq!(events[1]["data"]["code"], "marked-by-another-process");
    })
    .await;
}

#[tokio::test]
async fn a_late_duplicate_marks_no_second_time() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        billing.issue("D1", "c");
        reports_with(client, "c", 1).await;

        let body = json!({"document_id": "D1", "customer_id": "c", "process_id": "P1"});
        let send = async || {
            let headers = [("idempotency-key", "P1/mark")];
            client.post_with("/commands/mark-document-as-voided", &headers, body.clone()).await
        };
        let first = send().await;
        assert_eq!(first.status, 200);
        unmark(client, "D1", "P1").await;
        // With its key it gets the first answer again, without a key it is refused. Either way nothing is marked.
        assert_eq!(send().await.body, first.body);
        assert_eq!(mark(client, "D1", "P1").await.outcome(), (409, "process-closed"));
        // Unmarked before the mark arrived.
        unmark(client, "D1", "P2").await;
        assert_eq!(mark(client, "D1", "P2").await.outcome(), (409, "process-closed"));
        // Refused; the reason has since gone.
        mark(client, "D1", "P3").await;
        assert_eq!(mark(client, "D1", "P4").await.outcome(), (409, "marked-by-another-process"));
        unmark(client, "D1", "P3").await;
        assert_eq!(mark(client, "D1", "P4").await.outcome(), (409, "marked-by-another-process"));
        assert_eq!(total(&reports_with(client, "c", 1).await[0]), "10.00");
        assert_eq!(client.events().await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_document_in_a_published_report_cannot_be_marked() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        billing.issue("D1", "c");
        billing.issue("D2", "c");
        reports_with(client, "c", 2).await;
        mark(client, "D2", "P2").await;
        let published = publish(client, "c").await.body;
        assert_eq!(mark(client, "D1", "P1").await.outcome(), (409, "report-published"));
        assert_eq!(mark(client, "D1", "P1").await.outcome(), (409, "report-published"));
        // Already marked: a process that repeats its command is told so, whatever has been published since.
        assert_eq!(mark(client, "D2", "P2").await.status, 200);
        assert_eq!(mark(client, "D2", "P3").await.outcome(), (409, "marked-by-another-process"));
        assert_eq!(reports_with(client, "c", 2).await, [published]);
        let failed: Vec<Value> = client
            .events()
            .await
            .into_iter()
            .filter(|event| event["type"].as_str().unwrap().ends_with("Failed"))
            .collect();
        assert_eq!(failed.len(), 2);
        assert_eq!(failed[0]["data"]["code"], "report-published");
    })
    .await;
}

#[tokio::test]
async fn unmarked_after_publication_a_document_counts_in_the_next_report_and_the_published_one_stays() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        billing.issue("D1", "c");
        billing.issue("D2", "c");
        reports_with(client, "c", 2).await;
        mark(client, "D1", "P1").await;
        let published = publish(client, "c").await.body;
        assert_eq!((listed(&published), total(&published)), (vec!["-D1".to_owned(), "D2".to_owned()], "10.00"));

        unmark(client, "D1", "P1").await;
        unmark(client, "D1", "P1").await;
        let both = reports_with(client, "c", 3).await;
        assert_eq!(both[0], published);
        assert_eq!((listed(&both[1]), total(&both[1])), (vec!["D1".to_owned()], "10.00"));
        assert_eq!((&both[1]["number"], &both[1]["status"]), (&json!(2), &json!("open")));

        assert_eq!(mark(client, "D1", "P2").await.status, 200);
        let both = reports_with(client, "c", 3).await;
        assert_eq!((&both[0], listed(&both[1])), (&published, vec!["-D1".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_document_that_is_marked_before_it_comes_comes_as_voided() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        let answer = mark(client, "D1", "P1").await;
        assert_eq!((answer.status, &answer.body["customer_id"]), (200, &json!("claimed")));
        mark(client, "D2", "P2").await;
        unmark(client, "D2", "P2").await;
        unmark(client, "D3", "P3").await;
        assert_eq!(mark(client, "D1", "P4").await.outcome(), (409, "marked-by-another-process"));
        for document in ["D1", "D2", "D3"] {
            billing.issue(document, "c");
        }
        let report = reports_with(client, "c", 3).await.remove(0);
        assert_eq!((listed(&report), total(&report)), (["-D1", "D2", "D3"].map(str::to_owned).to_vec(), "20.00"));
        assert_eq!(mark(client, "D1", "P1").await.body["customer_id"], "c");
        unmark(client, "D1", "P1").await;
        assert_eq!(total(&reports_with(client, "c", 3).await[0]), "30.00");
    })
    .await;
}
