//! Customers and changes of their credit ratings.

use serde_json::{Value, json};

use ::contracts::Contracts;
use service_testing::{Running, on_each_database};

use crate::{change, command, register};

#[tokio::test]
async fn a_customer_is_registered_once() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        let body = json!({"customer_id": "ann", "credit_rating": "AA"});
        let first = command(client, "register-customer", body.clone()).await;
        assert_eq!((first.status, first.headers["location"].to_str().unwrap()), (201, "/customers/ann"));
        assert_eq!(first.body, body);
        assert_eq!(client.get("/customers/ann").await.body, body);
        let other = json!({"customer_id": "ann", "credit_rating": "A"});
        assert_eq!(command(client, "register-customer", other).await.outcome(), (409, "customer-exists"));

        // The request is still the same after the rating has changed.
        let id = change(client, "ann", "D").await;
        let again = command(client, "register-customer", body).await;
        let now = json!({"customer_id": "ann", "credit_rating": "D", "credit_change_id": id});
        assert_eq!((again.status, &again.body), (200, &now));
        assert_eq!(client.get("/customers/ann").await.body, now);
        assert_eq!(client.get("/customers/bob").await.outcome(), (404, "customer-not-found"));

        let unnamed = command(client, "register-customer", json!({"credit_rating": "C"})).await;
        assert_eq!(unnamed.status, 201);
        let kinds = client.story().await;
        assert_eq!(kinds[0], ("CustomerRegistered".to_owned(), "ann".to_owned()));
        assert_eq!(kinds[1], ("CustomerCreditRatingChanged".to_owned(), "ann".to_owned()));
        assert_eq!(
            kinds[2],
            ("CustomerRegistered".to_owned(), unnamed.body["customer_id"].as_str().unwrap().to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn each_rating_is_known_and_no_other() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        for (n, rating) in ["AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D"].iter().enumerate() {
            let id = format!("c{n}");
            let body = json!({"customer_id": id, "credit_rating": rating});
            assert_eq!(command(client, "register-customer", body.clone()).await.status, 201);
            assert_eq!(client.get(&format!("/customers/{id}")).await.body, body);
        }
        for rating in [json!("aaa"), json!("E"), json!(""), json!(null), json!(1)] {
            let body = json!({"customer_id": "x", "credit_rating": rating});
            assert_eq!(command(client, "register-customer", body).await.outcome(), (422, "invalid-body"), "{rating}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_rating_names_its_position() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        let ask = async |rating: &str, key: &str| {
            let body = json!({"customer_id": "ann", "credit_rating": rating});
            client.post_with("/commands/change-customer-credit-rating", &[("idempotency-key", key)], body).await
        };
        assert_eq!(ask("AA", "k0").await.outcome(), (409, "credit-rating-unchanged"));
        let first = ask("B", "k1").await;
        assert_eq!(first.status, 202);
        let id = first.body["credit_change_id"].as_str().unwrap();
        assert_eq!(first.headers["location"].to_str().unwrap(), format!("/credit-changes/{id}"));
        assert_eq!(first.body, json!({"customer_id": "ann", "credit_rating": "B", "credit_change_id": id}));
        let again = ask("B", "k1").await;
        assert_eq!((again.status, &again.body), (202, &first.body), "the key answers");
        assert_eq!(ask("B", "k2").await.outcome(), (409, "credit-rating-unchanged"));
        assert_eq!(ask("AA", "k1").await.outcome(), (422, "idempotency-key-reused"));

        let shown = client.get(&format!("/credit-changes/{id}")).await.body;
        let none = json!({"pending": 0, "signed": 0, "confirmed": 0, "reinstated": 0, "terminated": 0, "untouched": 0});
        let expected = json!({
            "credit_change_id": id, "customer_id": "ann", "credit_rating": "B", "previous_credit_rating": "AA",
            "position": 2, "changed_at": shown["changed_at"], "contracts": none,
        });
        assert_eq!(shown, expected);
        let events = client.events().await;
        let told: Vec<&Value> = events.iter().filter(|event| event["type"] == "CustomerCreditRatingChanged").collect();
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(told["sequence"], "2");
        let data =
            json!({"customer_id": "ann", "credit_change_id": id, "credit_rating": "B", "previous_credit_rating": "AA"});
        assert_eq!(told["data"], data);

        let nobody = json!({"customer_id": "nobody", "credit_rating": "B"});
        let refused = command(client, "change-customer-credit-rating", nobody).await;
        assert_eq!(refused.outcome(), (404, "customer-not-found"));
        assert_eq!(client.get("/credit-changes/none").await.outcome(), (404, "credit-change-not-found"));
    })
    .await;
}
