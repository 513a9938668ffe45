//! Voiding: the design's table over HTTP, keys, and many requests at once.

use std::collections::HashSet;

use futures::future::join_all;
use serde_json::json;

use billing::Billing;
use service_testing::{Running, on_each_database};

use crate::{command, document, void};

#[tokio::test]
async fn a_voiding_is_told_by_its_events_which_carry_the_process() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        client.post("/documents", document("D1")).await;
        let process = void(client, "D1").await;
        let shown = client.get("/documents/D1").await.body;
        assert_eq!((&shown["status"], &shown["process_id"]), (&json!("voiding-requested"), &json!(process)));
        let headers = [("idempotency-key", "p/complete"), ("x-correlation-id", process.as_str())];
        let body = json!({"document_id": "D1", "process_id": process});
        let answer = client.post_with("/commands/complete-document-voiding", &headers, body).await;
        let voiding = json!({"document_id": "D1", "customer_id": "customer", "process_id": process});
        assert_eq!((answer.status, &answer.body), (200, &voiding));
        let shown = client.get("/documents/D1").await.body;
        assert_eq!((&shown["status"], &shown["process_id"]), (&json!("voided"), &json!(null)));
        assert!(shown["voided_at"].is_string());

        let events = client.events().await;
        assert_eq!(events.len(), 3);
        for (event, kind) in events[1..].iter().zip(["DocumentVoidingRequested", "DocumentVoided"]) {
            assert_eq!((&event["type"], &event["data"]), (&json!(kind), &voiding));
            assert_eq!((&event["correlationid"], &event["subject"]), (&json!(process), &json!("D1")));
        }
        assert_eq!(events[2]["causationid"], "p/complete");
        let again = client.post("/commands/void-document", json!({"document_id": "D1"})).await;
        assert_eq!(again.outcome(), (409, "document-already-voided"));
    })
    .await;
}

#[tokio::test]
async fn commands_are_decided_by_the_process_and_take_effect_once() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        // How the process reached its state, and what each command then answers; 0: it would change the state.
        let ways = [
            (&[][..], [(0, ""), (0, ""), (409, "not-aborted")]),
            (&["abort"], [(409, "aborted"), (200, ""), (0, "")]),
            (&["complete"], [(200, ""), (409, "document-already-voided"), (409, "document-already-voided")]),
            (&["abort", "close"], [(409, "process-closed"), (409, "process-closed"), (200, "")]),
        ];
        for (n, (way, row)) in ways.into_iter().enumerate() {
            let id = format!("D{n}");
            client.post("/documents", document(&id)).await;
            let process = void(client, &id).await;
            for name in way {
                assert_eq!(command(client, name, &id, &process).await.status, 200, "{way:?}");
            }
            let events = client.events().await.len();
            for (name, expected) in ["complete", "abort", "close"].into_iter().zip(row) {
                if expected.0 != 0 {
                    assert_eq!(command(client, name, &id, &process).await.outcome(), expected, "{name} after {way:?}");
                }
            }
            assert_eq!(client.events().await.len(), events, "after {way:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_of_another_document_counts_as_unknown() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        client.post("/documents", document("D1")).await;
        client.post("/documents", document("D2")).await;
        let process = void(client, "D1").await;
        for document in ["D2", "D3"] {
            for (name, expected) in [
                ("complete", (409, "process-closed")),
                ("abort", (409, "process-closed")),
                ("close", (404, "process-not-found")),
            ] {
                assert_eq!(command(client, name, document, &process).await.outcome(), expected, "{name} {document}");
            }
        }
        assert_eq!(client.get("/documents/D2").await.body["status"], "issued");
        let unknown = client.post("/commands/void-document", json!({"document_id": "D3"})).await;
        assert_eq!(unknown.outcome(), (404, "document-not-found"));
    })
    .await;
}

#[tokio::test]
async fn an_aborted_process_stays_open_until_it_is_closed() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        client.post("/documents", document("D1")).await;
        let process = void(client, "D1").await;
        command(client, "abort", "D1", &process).await;
        let shown = client.get("/documents/D1").await.body;
        assert_eq!((&shown["status"], &shown["process_id"]), (&json!("issued"), &json!(process)));
        assert_eq!(void(client, "D1").await, process);
        command(client, "close", "D1", &process).await;
        assert_eq!(client.get("/documents/D1").await.body["process_id"], json!(null));
        assert_ne!(void(client, "D1").await, process);
    })
    .await;
}

#[tokio::test]
async fn a_late_duplicate_of_void_document_starts_no_second_process() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        let send = async |key: &str| {
            let body = json!({"document_id": "D1"});
            client.post_with("/commands/void-document", &[("idempotency-key", key)], body).await
        };
        assert_eq!(send("k1").await.outcome(), (404, "document-not-found"));
        client.post("/documents", document("D1")).await;
        let first = send("k1").await;
        let joined = send("k2").await;
        assert_eq!((first.status, &first.body), (202, &joined.body));
        let process = first.body["process_id"].as_str().unwrap();
        command(client, "abort", "D1", process).await;
        command(client, "close", "D1", process).await;
        let events = client.events().await.len();
        for key in ["k1", "k2"] {
            assert_eq!(send(key).await.body, first.body, "{key}");
        }
        assert_eq!(client.events().await.len(), events);
        let other =
            client.post_with("/commands/void-document", &[("idempotency-key", "k1")], json!({"document_id": "D2"}));
        assert_eq!(other.await.outcome(), (422, "idempotency-key-reused"));
    })
    .await;
}

#[tokio::test]
async fn a_hundred_void_document_at_once_open_one_process() {
    on_each_database(async |database| {
        let billing = [Running::start(Billing, &database).await, Running::start(Billing, &database).await];
        let client = &billing[0].client;
        for (document, one_key) in [("D1", false), ("D2", true)] {
            client.post("/documents", crate::document(document)).await;
            let requests = (0..100).map(|n| {
                let key = if one_key { "one".to_owned() } else { format!("key-{n}") };
                let client = &billing[n % 2].client;
                async move {
                    let headers = [("idempotency-key", key.as_str())];
                    client.post_with("/commands/void-document", &headers, json!({"document_id": document})).await
                }
            });
            let answers = join_all(requests).await;
            assert!(answers.iter().all(|answer| answer.status == 202), "{answers:?}");
            let processes: HashSet<_> = answers.iter().map(|answer| answer.body["process_id"].to_string()).collect();
            assert_eq!(processes.len(), 1);
        }
        let requested = client.story().await.iter().filter(|(kind, _)| kind == "DocumentVoidingRequested").count();
        assert_eq!(requested, 2);
    })
    .await;
}

#[tokio::test]
async fn complete_and_abort_at_once_have_one_winner() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        for n in 0..25 {
            let id = format!("D{n}");
            client.post("/documents", document(&id)).await;
            let process = void(client, &id).await;
            let (completed, aborted) =
                tokio::join!(command(client, "complete", &id, &process), command(client, "abort", &id, &process));
            let status = client.get(&format!("/documents/{id}")).await.body["status"].clone();
            match (completed.outcome(), aborted.outcome()) {
                ((200, _), (409, "document-already-voided")) => assert_eq!(status, "voided"),
                ((409, "aborted"), (200, _)) => assert_eq!(status, "issued"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(client.events().await.len(), 75);
    })
    .await;
}
