//! Idempotency keys: the answer is kept, a refusal is not, the transfer decides first.

use serde_json::{Value, json};

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{balance, deposit, eur, open, request};

#[tokio::test]
async fn a_refusal_is_not_kept_and_an_answer_is() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 100).await;
        open(client, "b", 100).await;
        request(client, "t1", "a", "b", 150).await;
        let send = async |path: &str, key: &str, body: Value| {
            client.post_with(&format!("/commands/{path}"), &[("idempotency-key", key)], body).await
        };
        let step =
            |transfer: &str, amount: i64| json!({"transfer_id": transfer, "account_id": "a", "amount": eur(amount)});
        let refused = send("withdraw-money", "k", step("t1", 150)).await;
        assert_eq!(refused.outcome(), (409, "insufficient-funds"));
        request(client, "t2", "b", "a", 80).await;
        let to_b = json!({"transfer_id": "t2", "account_id": "b", "amount": eur(80)});
        assert_eq!(send("withdraw-money", "k2", to_b).await.status, 200);
        assert_eq!(deposit(client, "t2", "a", 80, "transfer").await.status, 200);
        let first = send("withdraw-money", "k", step("t1", 150)).await;
        assert_eq!((first.status, &first.body["balance"]), (200, &eur(30)));
        assert_eq!(deposit(client, "t1", "b", 150, "transfer").await.status, 200);
        let again = send("withdraw-money", "k", step("t1", 150)).await;
        assert_eq!((again.status, &again.body), (200, &first.body));

        // A used key with another body: the command's own refusal comes first, because the transfer decides.
        assert_eq!(send("withdraw-money", "k", step("t1", 1)).await.outcome(), (409, "transfer-mismatch"));
        request(client, "t3", "a", "b", 10).await;
        for (path, body) in [
            ("withdraw-money", step("t3", 10)),
            ("fail-money-transfer", json!({"transfer_id": "t3", "reason": "x"})),
            ("close-account", json!({"account_id": "a"})),
            ("open-account", json!({"account_id": "c", "initial_balance": eur(1)})),
            ("request-money-transfer", json!({"from": "a", "to": "b", "amount": eur(1)})),
        ] {
            assert_eq!(send(path, "k", body).await.outcome(), (422, "idempotency-key-reused"), "{path}");
        }
        assert_eq!((balance(client, "a").await, balance(client, "b").await), (30, 170));
    })
    .await;
}

#[tokio::test]
async fn a_request_without_an_id_is_made_once_under_its_key() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 100).await;
        open(client, "b", 100).await;
        let send = async || {
            let body = json!({"from": "a", "to": "b", "amount": eur(1)});
            client.post_with("/commands/request-money-transfer", &[("idempotency-key", "k")], body).await
        };
        let (first, again) = (send().await, send().await);
        assert_eq!((first.status, &first.body), (202, &again.body));
        assert_eq!((again.status, &again.headers["location"]), (202, &first.headers["location"]));
        let events = client.events().await;
        assert_eq!((events.len(), &events[2]["causationid"]), (3, &json!("k")));
        assert_eq!(events[2]["correlationid"], first.body["transfer_id"]);
    })
    .await;
}
