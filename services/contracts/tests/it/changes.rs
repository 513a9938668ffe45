//! Changes of a credit rating that meet contracts, and each other.

use serde_json::{Value, json};

use ::contracts::Contracts;
use service_testing::{Client, Running, on_each_database};

use crate::{change, command, open, register, reinstate, revoke, status, step};

async fn counts(client: &Client, change: &str) -> Value {
    client.get(&format!("/credit-changes/{change}")).await.body["contracts"].clone()
}

#[tokio::test]
async fn a_second_change_takes_the_contracts_over() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        for contract in ["untouched", "pending", "signed", "confirmed"] {
            open(client, contract, "ann").await;
        }
        let x = change(client, "ann", "B").await;
        open(client, "late", "ann").await;
        assert_eq!(revoke(client, "late", &x).await.outcome(), (409, "contract-not-affected"));
        for contract in ["pending", "signed", "confirmed"] {
            assert_eq!(revoke(client, contract, &x).await.status, 200);
        }
        for contract in ["signed", "confirmed"] {
            step(client, "sign", contract).await;
        }
        step(client, "reconfirm", "confirmed").await;
        assert_eq!(
            counts(client, &x).await,
            json!({"pending": 1, "signed": 1, "confirmed": 1, "reinstated": 0, "terminated": 0, "untouched": 1})
        );
        let y = change(client, "ann", "D").await;
        assert_eq!(counts(client, &y).await["untouched"], 5, "those of an older change as well");
        let before = client.events().await.len();
        for contract in ["untouched", "pending", "signed", "confirmed", "late"] {
            let answer = revoke(client, contract, &y).await;
            assert_eq!((&answer.body["status"], &answer.body["credit_change_id"]), (&json!("pending"), &json!(y)));
        }
        let revoked: Vec<_> = client.story().await.into_iter().skip(before).map(|(_, subject)| subject).collect();
        assert_eq!(revoked, ["untouched", "signed", "confirmed", "late"], "a pending one is told of once");
        // A late command of the older change changes nothing.
        for contract in ["untouched", "pending"] {
            let answer = revoke(client, contract, &x).await;
            assert_eq!((answer.status, &answer.body["credit_change_id"]), (200, &json!(y)));
            assert_eq!(reinstate(client, contract, &x).await.body["status"], "pending");
        }
        assert_eq!(
            counts(client, &y).await,
            json!({"pending": 5, "signed": 0, "confirmed": 0, "reinstated": 0, "terminated": 0, "untouched": 0})
        );
        let taken_over =
            json!({"pending": 0, "signed": 0, "confirmed": 0, "reinstated": 0, "terminated": 0, "untouched": 0});
        assert_eq!(counts(client, &x).await, taken_over);
    })
    .await;
}

#[tokio::test]
async fn a_change_counts_the_contracts_that_it_has_still_to_revoke() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        for customer in ["ann", "ben"] {
            register(client, customer).await;
            for number in 1..=4 {
                open(client, &format!("{customer}-{number}"), customer).await;
            }
        }
        step(client, "terminate", "ann-1").await;
        let x = change(client, "ann", "B").await;
        open(client, "late", "ann").await;
        let untouched = async || counts(client, &x).await["untouched"].clone();
        assert_eq!(untouched().await, 3, "neither terminated before, nor opened after the change, nor Ben's");
        revoke(client, "ann-2", &x).await;
        step(client, "terminate", "ann-2").await;
        assert_eq!((untouched().await, &counts(client, &x).await["terminated"]), (json!(2), &json!(1)));
        step(client, "terminate", "ann-3").await;
        assert_eq!((untouched().await, &counts(client, &x).await["terminated"]), (json!(1), &json!(1)));
        revoke(client, "ann-4", &x).await;
        reinstate(client, "ann-4", &x).await;
        assert_eq!(untouched().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_change_is_reinstated() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        for contract in ["pending", "signed", "confirmed", "ended"] {
            open(client, contract, "ann").await;
        }
        let x = change(client, "ann", "B").await;
        for contract in ["pending", "signed", "confirmed", "ended"] {
            revoke(client, contract, &x).await;
        }
        step(client, "sign", "signed").await;
        step(client, "sign", "confirmed").await;
        step(client, "reconfirm", "confirmed").await;
        step(client, "terminate", "ended").await;
        for contract in ["pending", "signed", "confirmed", "ended", "pending"] {
            assert_eq!(reinstate(client, contract, &x).await.status, 200);
        }
        for (contract, is) in
            [("pending", "active"), ("signed", "active"), ("confirmed", "active"), ("ended", "terminated")]
        {
            assert_eq!(status(client, contract).await, is, "{contract}");
        }
        assert_eq!(
            counts(client, &x).await,
            json!({"pending": 0, "signed": 0, "confirmed": 1, "reinstated": 2, "terminated": 1, "untouched": 0})
        );
        // A late duplicate of the revocation does not bring it back.
        assert_eq!(revoke(client, "pending", &x).await.body["status"], "active");
        let reinstated = client.story().await.into_iter().filter(|(kind, _)| kind == "ContractReinstated").count();
        assert_eq!(reinstated, 2);
    })
    .await;
}

#[tokio::test]
async fn each_reminder_takes_effect_once() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        open(client, "K", "ann").await;
        let x = change(client, "ann", "B").await;
        let remind = async |contract: &str, change: &str, reminder: Value| {
            let body = json!({"contract_id": contract, "credit_change_id": change, "reminder": reminder});
            command(client, "remind-customer", body).await
        };
        assert_eq!(remind("K", &x, json!(1)).await.outcome(), (409, "contract-not-pending"));
        revoke(client, "K", &x).await;
        for reminder in [1, 2, 1, 2] {
            assert_eq!(remind("K", &x, json!(reminder)).await.status, 200);
        }
        step(client, "sign", "K").await;
        assert_eq!(remind("K", &x, json!(3)).await.status, 200, "its confirmation is missing");
        for reminder in [json!(0), json!(-1), json!("1"), json!(null), json!(4_294_967_296_i64)] {
            assert_eq!(remind("K", &x, reminder).await.outcome(), (422, "invalid-body"));
        }
        assert_eq!(remind("none", &x, json!(1)).await.outcome(), (404, "contract-not-found"));
        assert_eq!(remind("K", "none", json!(1)).await.outcome(), (404, "credit-change-not-found"));
        let y = change(client, "ann", "C").await;
        assert_eq!(remind("K", &y, json!(4)).await.outcome(), (409, "contract-not-pending"), "of a change to come");
        revoke(client, "K", &y).await;
        assert_eq!(remind("K", &x, json!(4)).await.status, 200, "no event tells that it is pending under another one");
        assert_eq!(remind("K", &y, json!(1)).await.status, 200);
        step(client, "sign", "K").await;
        step(client, "reconfirm", "K").await;
        assert_eq!(remind("K", &y, json!(2)).await.outcome(), (409, "contract-not-pending"));
        let reminded: Vec<_> =
            client.events().await.into_iter().filter(|event| event["type"] == "CustomerReminded").collect();
        let numbers: Vec<_> = reminded.iter().map(|event| event["data"]["reminder"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 1]);
        let data = json!({"contract_id": "K", "customer_id": "ann", "credit_change_id": x, "reminder": 1});
        assert_eq!(reminded[0]["data"], data);
    })
    .await;
}

/// The command that undoes arrives before the one that revokes, sent by a worker that was cut off from Temporal.
#[tokio::test]
async fn a_change_that_was_taken_back_cannot_revoke_late() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        open(client, "early", "ann").await;
        let x = change(client, "ann", "B").await;
        assert_eq!(reinstate(client, "early", &x).await.body["status"], "active");
        let late = revoke(client, "early", &x).await;
        assert_eq!((late.status, &late.body["status"]), (200, &json!("active")));
        let y = change(client, "ann", "C").await;
        assert_eq!(revoke(client, "early", &y).await.body["status"], "pending", "a newer one revokes it");
    })
    .await;
}
