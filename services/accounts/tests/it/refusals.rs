//! Refusals of invalid requests and of commands that do not fit together.

use serde_json::{Value, json};

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{balance, command, deposit, eur, money, open, request, status, withdraw};

#[tokio::test]
async fn bodies_that_break_a_rule_are_refused_with_their_code() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 100).await;
        open(client, "b", 100).await;
        let events = client.events().await.len();
        let account = |owner: Value, balance: Value| json!({"owner": owner, "initial_balance": balance});
        let transfer = |from: &str, to: &str, amount: Value| json!({"from": from, "to": to, "amount": amount});
        let step =
            |amount: i64| json!({"transfer_id": "t", "account_id": "a", "amount": eur(amount), "purpose": "refund"});
        for (name, body) in [
            ("open-account", json!({})),
            ("open-account", json!({"account_id": "a b", "initial_balance": eur(1)})),
            ("open-account", account(json!("Ann"), eur(-1))),
            ("open-account", account(json!("Ann"), json!({"amount": "1.234", "currency": "EUR"}))),
            ("open-account", account(json!("ä".repeat(201)), eur(1))),
            ("open-account", account(json!("a\u{0}b"), eur(1))),
            ("request-money-transfer", transfer("a", "a", eur(1))),
            ("request-money-transfer", transfer("a", "b", eur(0))),
            ("request-money-transfer", transfer("a", "b", eur(-1))),
            ("request-money-transfer", transfer("a", "", eur(1))),
            ("withdraw-money", step(0)),
            ("withdraw-money", step(-1)),
            ("deposit-money", step(0)),
            ("deposit-money", json!({"transfer_id": "t", "account_id": "a", "amount": eur(1)})),
            ("deposit-money", json!({"transfer_id": "t", "account_id": "a", "amount": eur(1), "purpose": "gift"})),
            ("fail-money-transfer", json!({"transfer_id": "t", "reason": "x".repeat(2_001)})),
            ("fail-money-transfer", json!({"transfer_id": "t", "reason": "\u{0}"})),
            ("fail-money-transfer", json!({"transfer_id": "t"})),
            ("close-account", json!({"account_id": 7})),
        ] {
            assert_eq!(command(client, name, body.clone()).await.outcome(), (422, "invalid-body"), "{name} {body}");
        }
        let longest = account(json!("ä".repeat(200)), eur(1));
        assert_eq!(command(client, "open-account", longest).await.status, 201);
        assert_eq!(client.events().await.len(), events + 1);
    })
    .await;
}

#[tokio::test]
async fn a_step_that_does_not_belong_to_a_transfer_is_refused() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        for account in ["a", "b", "c"] {
            open(client, account, 1000).await;
        }
        let yen = json!({"account_id": "yen", "initial_balance": {"amount": "1000", "currency": "JPY"}});
        assert_eq!(command(client, "open-account", yen).await.status, 201);
        for (from, to, expected) in [
            ("a", "nobody", (404, "account-not-found")),
            ("nobody", "a", (404, "account-not-found")),
            ("a", "yen", (422, "currency-mismatch")),
            ("yen", "a", (422, "currency-mismatch")),
        ] {
            assert_eq!(request(client, "x", from, to, 100).await.outcome(), expected, "{from} {to}");
        }
        assert_eq!(client.get("/transfers/x").await.outcome(), (404, "transfer-not-found"));

        request(client, "t", "a", "b", 100).await;
        for (transfer, account, amount, expected) in [
            ("unknown", "a", 100, (404, "transfer-not-found")),
            ("t", "nobody", 100, (404, "account-not-found")),
            ("t", "yen", 100, (422, "currency-mismatch")),
            ("t", "c", 100, (409, "transfer-mismatch")),
            ("t", "a", 101, (409, "transfer-mismatch")),
        ] {
            assert_eq!(withdraw(client, transfer, account, amount).await.outcome(), expected, "{transfer} {account}");
            for purpose in ["transfer", "refund"] {
                let answer = deposit(client, transfer, account, amount, purpose).await;
                assert_eq!(answer.outcome(), expected, "{transfer} {account} {purpose}");
            }
        }
        for (account, purpose) in [("a", "transfer"), ("b", "refund")] {
            let answer = deposit(client, "t", account, 100, purpose).await;
            assert_eq!(answer.outcome(), (409, "transfer-mismatch"), "{account} {purpose}");
        }
        assert_eq!(withdraw(client, "t", "b", 100).await.outcome(), (409, "transfer-mismatch"));
        let yen = json!({"transfer_id": "t", "account_id": "a", "amount": {"amount": "100", "currency": "JPY"}});
        assert_eq!(command(client, "withdraw-money", yen).await.outcome(), (422, "currency-mismatch"));
        assert_eq!((status(client, "t").await.as_str(), client.events().await.len()), ("requested", 5));
    })
    .await;
}

#[tokio::test]
async fn a_deposit_that_an_account_cannot_hold_is_refused_and_can_be_refunded() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        open(client, "a", 100).await;
        open(client, "full", i64::MAX - 99).await;
        request(client, "t", "a", "full", 100).await;
        assert_eq!(withdraw(client, "t", "a", 100).await.status, 200);
        assert_eq!(deposit(client, "t", "full", 100, "transfer").await.outcome(), (409, "balance-out-of-range"));
        assert_eq!(deposit(client, "t", "a", 100, "refund").await.status, 200);
        assert_eq!((balance(client, "a").await, balance(client, "full").await), (100, i64::MAX - 99));
    })
    .await;
}

#[tokio::test]
async fn parameters_and_paths_that_break_a_rule_are_refused_with_their_code() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        for (path, expected) in [
            ("/accounts/nowhere", (404, "account-not-found")),
            ("/transfers/nowhere", (404, "transfer-not-found")),
            ("/accounts/a%20b", (400, "invalid-id")),
            ("/transfers/%ff", (400, "invalid-id")),
            ("/accounts?limit=0", (400, "invalid-parameter")),
            ("/accounts?cursor=abc", (400, "invalid-parameter")),
            ("/transfers?limit=201", (400, "invalid-parameter")),
            ("/transfers?status=gone", (400, "invalid-parameter")),
            ("/transfers?account_id=a%20b", (400, "invalid-parameter")),
            ("/transfers?other=%zz&limit=5&account_id=nobody", (200, "")),
            ("/commands/withdraw-money", (405, "method-not-allowed")),
        ] {
            assert_eq!(client.get(path).await.outcome(), expected, "{path}");
        }
        assert_eq!(money(client).await, 0);
    })
    .await;
}
