//! Transfers: each path that one can take, and that each of its steps takes effect once.

use serde_json::{Value, json};

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{balance, command, deposit, eur, fail, money, open, request, status, withdraw};

#[tokio::test]
async fn a_transfer_moves_money_once_and_its_events_carry_its_id() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 1000).await;
        open(client, "b", 500).await;
        let first = request(client, "t", "a", "b", 100).await;
        assert_eq!((first.status, first.headers["location"].to_str().unwrap()), (202, "/transfers/t"));
        let at = &first.body["requested_at"];
        let shown = json!({
            "transfer_id": "t", "from": "a", "to": "b", "amount": eur(100), "status": "requested",
            "requested_at": at, "updated_at": at,
        });
        assert_eq!(first.body, shown);
        assert_eq!(client.get("/transfers/t").await.body, shown);

        let path = "/commands/withdraw-money";
        let headers = [("idempotency-key", "t/withdraw"), ("x-correlation-id", "t"), ("x-causation-id", "event-1")];
        let body = json!({"transfer_id": "t", "account_id": "a", "amount": eur(100)});
        let withdrawn = client.post_with(path, &headers, body).await;
        assert_eq!((withdrawn.status, &withdrawn.body["balance"]), (200, &eur(900)));
        assert_eq!((status(client, "t").await.as_str(), money(client).await), ("withdrawn", 1500));
        let deposited = deposit(client, "t", "b", 100, "transfer").await;
        assert_eq!((deposited.status, &deposited.body["balance"]), (200, &eur(600)));
        assert_eq!((balance(client, "a").await, balance(client, "b").await), (900, 600));
        let shown = client.get("/transfers/t").await.body;
        assert_eq!((&shown["status"], &shown["requested_at"]), (&json!("completed"), at));
        assert!(shown["updated_at"].as_str() > at.as_str());

        let events = client.events().await;
        let told: Vec<_> =
            events[2..].iter().map(|event| (&event["type"], &event["subject"], &event["data"])).collect();
        let moved = |account: &str| json!({"transfer_id": "t", "account_id": account, "amount": eur(100)});
        let mut deposited = moved("b");
        deposited["purpose"] = json!("transfer");
        let requested = json!({"transfer_id": "t", "from": "a", "to": "b", "amount": eur(100)});
        assert_eq!(
            told,
            [
                (&json!("MoneyTransferRequested"), &json!("t"), &requested),
                (&json!("MoneyWithdrawn"), &json!("a"), &moved("a")),
                (&json!("MoneyDeposited"), &json!("b"), &deposited),
            ]
        );
        assert!(events[2..].iter().all(|event| event["correlationid"] == "t"));
        assert_eq!(events[3]["causationid"], "event-1");
    })
    .await;
}

/// Brings a new transfer of 100 from `a` to `b` to a status.
async fn transfer_that_is(client: &crate::Client, id: &str, wanted: &str) {
    request(client, id, "a", "b", 100).await;
    if wanted == "failed" {
        fail(client, id, "no").await;
    } else if wanted != "requested" {
        withdraw(client, id, "a", 100).await;
    }
    match wanted {
        "completed" => drop(deposit(client, id, "b", 100, "transfer").await),
        "returned" => drop(deposit(client, id, "a", 100, "refund").await),
        _ => (),
    }
    assert_eq!(status(client, id).await, wanted);
}

#[tokio::test]
async fn steps_are_decided_by_the_transfer_and_repeated_ones_have_no_second_effect() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 10_000).await;
        open(client, "b", 0).await;
        // The answers to withdrawal, deposit, refund and giving up; 0: it would take effect.
        let no = (409, "already-withdrawn");
        for (is, row) in [
            ("requested", [(0, ""), (409, "not-withdrawn"), (409, "not-withdrawn"), (0, "")]),
            ("withdrawn", [(200, ""), (0, ""), (0, ""), no]),
            ("completed", [(200, ""), (200, ""), (409, "already-settled"), no]),
            ("returned", [(200, ""), (409, "already-settled"), (200, ""), no]),
            ("failed", [(409, "transfer-failed"), (409, "not-withdrawn"), (409, "not-withdrawn"), (200, "")]),
        ] {
            transfer_that_is(client, is, is).await;
            let before = (client.get("/accounts").await.body, client.events().await.len());
            for (step, expected) in row.into_iter().enumerate().filter(|(_, expected)| expected.0 != 0) {
                let answer = match step {
                    0 => withdraw(client, is, "a", 100).await,
                    1 => deposit(client, is, "b", 100, "transfer").await,
                    2 => deposit(client, is, "a", 100, "refund").await,
                    _ => fail(client, is, "another reason").await,
                };
                assert_eq!(answer.outcome(), expected, "step {step} of one that is {is}");
            }
            assert_eq!((client.get("/accounts").await.body, client.events().await.len()), before, "{is}");
            assert_eq!((status(client, is).await.as_str(), money(client).await), (is, 10_000));
        }
    })
    .await;
}

#[tokio::test]
async fn a_transfer_that_was_given_up_says_why_and_keeps_its_first_reason() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 100).await;
        open(client, "b", 0).await;
        request(client, "t", "a", "b", 200).await;
        assert_eq!(withdraw(client, "t", "a", 200).await.outcome(), (409, "insufficient-funds"));
        let failed = fail(client, "t", "insufficient-funds").await;
        let said = |body: &Value| (body["status"].clone(), body["reason"].clone());
        assert_eq!((failed.status, said(&failed.body)), (200, (json!("failed"), json!("insufficient-funds"))));
        assert_eq!(fail(client, "t", "another").await.body, failed.body);
        assert_eq!(client.get("/transfers/t").await.body, failed.body);
        let events = client.events().await;
        let data = json!({"transfer_id": "t", "reason": "insufficient-funds"});
        assert_eq!((events.len(), &events[3]["type"], &events[3]["data"]), (4, &json!("MoneyTransferFailed"), &data));
        assert_eq!((&events[3]["subject"], &events[3]["correlationid"]), (&json!("t"), &json!("t")));
        assert_eq!(fail(client, "unknown", "x").await.outcome(), (404, "transfer-not-found"));
    })
    .await;
}

#[tokio::test]
async fn a_transfer_is_requested_once() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        for account in ["a", "b", "c"] {
            open(client, account, 100).await;
        }
        let first = request(client, "t", "a", "b", 10).await;
        withdraw(client, "t", "a", 10).await;
        let again = request(client, "t", "a", "b", 10).await;
        assert_eq!((again.status, &again.body["status"]), (200, &json!("withdrawn")));
        assert_eq!(again.headers["location"], first.headers["location"]);
        for (from, to, amount) in [("a", "b", 11), ("a", "c", 10), ("c", "b", 10), ("b", "a", 10)] {
            let other = request(client, "t", from, to, amount).await;
            assert_eq!(other.outcome(), (409, "transfer-exists"), "{from} {to} {amount}");
        }
        let body = json!({"from": "a", "to": "b", "amount": eur(10)});
        let (one, two) = (
            command(client, "request-money-transfer", body.clone()).await,
            command(client, "request-money-transfer", body).await,
        );
        assert_eq!((one.status, two.status), (202, 202));
        assert_ne!(one.body["transfer_id"], two.body["transfer_id"]);
        assert_eq!(client.events().await.len(), 7);
    })
    .await;
}
