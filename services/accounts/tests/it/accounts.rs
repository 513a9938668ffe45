//! Accounts: opening, closing.

use serde_json::json;

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{balance, close, command, deposit, eur, fail, open, request, status, withdraw};

#[tokio::test]
async fn an_account_is_opened_once() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        let body = json!({"account_id": "a", "owner": "Ann", "initial_balance": {"amount": "10", "currency": "EUR"}});
        let first = command(client, "open-account", body.clone()).await;
        assert_eq!((first.status, first.headers["location"].to_str().unwrap()), (201, "/accounts/a"));
        let shown = json!({
            "account_id": "a", "owner": "Ann", "balance": {"amount": "10.00", "currency": "EUR"}, "status": "open",
            "opened_at": first.body["opened_at"],
        });
        assert_eq!(first.body, shown);
        assert_eq!(client.get("/accounts/a").await.body, shown);
        for (field, value) in [("owner", json!("Bob")), ("owner", json!(null)), ("initial_balance", eur(999))] {
            let mut other = body.clone();
            other[field] = value;
            assert_eq!(command(client, "open-account", other).await.outcome(), (409, "account-exists"), "{field}");
        }
        assert_eq!(client.story().await, [("AccountOpened".to_owned(), "a".to_owned())]);
        let told = json!({"account_id": "a", "initial_balance": eur(1000)});
        assert_eq!(client.events().await[0]["data"], told);

        // The request is still the same after the balance has changed.
        open(client, "b", 0).await;
        request(client, "t", "a", "b", 300).await;
        withdraw(client, "t", "a", 300).await;
        let again = command(client, "open-account", body).await;
        assert_eq!((again.status, &again.body["balance"]), (200, &eur(700)));
    })
    .await;
}

#[tokio::test]
async fn an_account_without_an_id_gets_one() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        let body = json!({"initial_balance": eur(0)});
        let headers = [("idempotency-key", "k"), ("x-correlation-id", "mine"), ("x-causation-id", "cause")];
        let first = client.post_with("/commands/open-account", &headers, body.clone()).await;
        let again = client.post_with("/commands/open-account", &headers, body.clone()).await;
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        assert!(first.body.get("owner").is_none());
        let other = command(client, "open-account", body).await;
        assert_ne!(other.body["account_id"], first.body["account_id"]);
        let events = client.events().await;
        assert_eq!(events.len(), 2);
        assert_eq!((&events[0]["correlationid"], &events[0]["causationid"]), (&json!("mine"), &json!("cause")));
        assert_eq!(events[1]["correlationid"], events[1]["id"]);
    })
    .await;
}

#[tokio::test]
async fn a_closed_account_takes_refunds_and_nothing_else() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 1000).await;
        open(client, "b", 500).await;
        for (transfer, from, to) in [("out", "a", "b"), ("back", "a", "b"), ("late", "a", "b"), ("in", "b", "a")] {
            assert_eq!(request(client, transfer, from, to, 100).await.status, 202);
        }
        for (transfer, from) in [("out", "a"), ("back", "a"), ("in", "b")] {
            assert_eq!(withdraw(client, transfer, from, 100).await.status, 200);
        }
        assert_eq!(close(client, "nobody").await.outcome(), (404, "account-not-found"));
        let closed = close(client, "a").await;
        assert_eq!(
            (closed.status, &closed.body["status"], &closed.body["balance"]),
            (200, &json!("closed"), &eur(800))
        );
        let events = client.events().await;
        assert_eq!(events.last().unwrap()["data"], json!({"account_id": "a"}));
        let again = close(client, "a").await;
        assert_eq!((again.status, &again.body), (200, &closed.body));
        assert_eq!(client.events().await.len(), events.len());

        assert_eq!(withdraw(client, "late", "a", 100).await.outcome(), (409, "account-closed"));
        assert_eq!(deposit(client, "in", "a", 100, "transfer").await.outcome(), (409, "account-closed"));
        assert_eq!(withdraw(client, "out", "a", 100).await.status, 200, "it took effect before");
        assert_eq!(deposit(client, "back", "a", 100, "refund").await.status, 200);
        assert_eq!(deposit(client, "out", "b", 100, "transfer").await.status, 200);
        assert_eq!(deposit(client, "in", "b", 100, "refund").await.status, 200);
        assert_eq!(fail(client, "late", "account-closed").await.status, 200);
        assert_eq!((balance(client, "a").await, balance(client, "b").await), (900, 600));
        assert_eq!(status(client, "in").await, "returned");
    })
    .await;
}
