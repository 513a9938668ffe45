//! Documents: issuing, reading, listing.

use reqwest::Method;
use serde_json::json;

use billing::Billing;
use service_testing::{Client, Running, on_each_database};

use crate::{command, document, document_of, void};

#[tokio::test]
async fn a_document_is_issued_once_and_answered_with_the_decimals_of_its_currency() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let first = billing.client.post("/documents", document("D1")).await;
        assert_eq!((first.status, first.headers["location"].to_str().unwrap()), (201, "/documents/D1"));
        assert_eq!(first.body["total"], json!({"amount": "12.30", "currency": "EUR"}));
        assert_eq!(first.body["status"], "issued");
        let again = billing.client.post("/documents", document("D1")).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        let other = billing.client.post("/documents", document_of("D1", "other")).await;
        assert_eq!(other.outcome(), (409, "document-exists"));
        assert_eq!(billing.client.get("/documents/D1").await.body, first.body);
        assert_eq!(billing.client.story().await, [("DocumentIssued".to_owned(), "D1".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn a_document_without_an_id_gets_one_and_its_key_makes_it_once() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let mut body = document("x");
        body.as_object_mut().unwrap().remove("document_id");
        let headers = [("idempotency-key", "k"), ("x-correlation-id", "my-request")];
        let first = billing.client.post_with("/documents", &headers, body.clone()).await;
        let again = billing.client.post_with("/documents", &headers, body).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.body, again.body);
        assert_eq!(first.headers["location"], again.headers["location"]);
        let events = billing.client.events().await;
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0]["correlationid"], &events[0]["causationid"]), (&json!("my-request"), &json!("k")));
        let outside = billing.client.post("/documents", document("D2")).await;
        assert_eq!(outside.status, 201);
        let events = billing.client.events().await;
        assert_eq!(events[1]["correlationid"], events[1]["id"]);
    })
    .await;
}

#[tokio::test]
async fn a_command_that_breaks_a_rule_is_refused_with_its_code() {
    on_each_database(async |database| {
        let client = Running::start(Billing, &database).await;
        let client = &client.client;
        let money = |amount: &str, currency: &str| {
            let mut body = document("D1");
            body["total"] = json!({"amount": amount, "currency": currency});
            body.to_string()
        };
        for (body, expected) in [
            ("{".to_owned(), (400, "unreadable-body")),
            ("[]".to_owned(), (422, "invalid-body")),
            ("{}".to_owned(), (422, "invalid-body")),
            (document("a b").to_string(), (422, "invalid-body")),
            (document_of("D1", "").to_string(), (422, "invalid-body")),
            (money("1.234", "EUR"), (422, "invalid-body")),
            (money("1e3", "EUR"), (422, "invalid-body")),
            (money("1", "XXY"), (422, "invalid-body")),
            (money("92233720368547758.08", "EUR"), (422, "invalid-body")),
        ] {
            let answer = client.ask(Method::POST, "/documents", &[], Some(body.clone())).await;
            assert_eq!(answer.outcome(), expected, "{body}");
        }
        let answer =
            client.ask(Method::POST, "/documents", &[("idempotency-key", "a b")], Some(money("1", "EUR"))).await;
        assert_eq!(answer.outcome(), (400, "invalid-header"));
        for (path, expected) in [
            ("/documents/nowhere", (404, "document-not-found")),
            ("/documents/a%20b", (400, "invalid-id")),
            ("/documents/%ff", (400, "invalid-id")),
            ("/documents?limit=0", (400, "invalid-parameter")),
            ("/documents?limit=201", (400, "invalid-parameter")),
            ("/documents?cursor=abc", (400, "invalid-parameter")),
            ("/documents?status=gone", (400, "invalid-parameter")),
            ("/documents?process=closed", (400, "invalid-parameter")),
            ("/documents?customer_id=a%20b", (400, "invalid-parameter")),
            ("/documents?limit=1&limit=2", (400, "invalid-parameter")),
            ("/documents?other=%zz&limit=5", (200, "")),
            ("/nowhere", (404, "not-found")),
            ("/commands/void-document", (405, "method-not-allowed")),
        ] {
            assert_eq!(client.get(path).await.outcome(), expected, "{path}");
        }
        assert!(client.events().await.is_empty());
    })
    .await;
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let items = client.all(&format!("/documents?{query}")).await;
    items.iter().map(|item| item["document_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_newest_first_and_pages_show_each_document_once() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = &billing.client;
        for n in 1..=5 {
            let customer = if n % 2 == 0 { "even" } else { "odd" };
            assert_eq!(client.post("/documents", document_of(&format!("D{n}"), customer)).await.status, 201);
        }
        assert_eq!(ids(client, "limit=2").await, ["D5", "D4", "D3", "D2", "D1"]);
        assert_eq!(ids(client, "limit=1&customer_id=odd").await, ["D5", "D3", "D1"]);
        assert!(ids(client, "customer_id=nobody").await.is_empty());

        let (voided, aborted) = (void(client, "D1").await, void(client, "D2").await);
        void(client, "D3").await;
        command(client, "complete", "D1", &voided).await;
        command(client, "abort", "D2", &aborted).await;
        assert_eq!(ids(client, "status=voided").await, ["D1"]);
        assert_eq!(ids(client, "status=voiding-requested").await, ["D3"]);
        assert_eq!(ids(client, "status=issued").await, ["D5", "D4", "D2"]);
        assert_eq!(ids(client, "process=open&limit=1").await, ["D3", "D2"]);
        command(client, "close", "D2", &aborted).await;
        assert_eq!(ids(client, "process=open").await, ["D3"]);
    })
    .await;
}
