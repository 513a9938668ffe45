//! Contracts: opening, reading, one step after the other.

use serde_json::json;

use ::contracts::Contracts;
use service_testing::{Running, on_each_database};

use crate::{change, command, listed, open, register, reinstate, revoke, status, step};

#[tokio::test]
async fn a_contract_is_opened_once() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        register(client, "bob").await;
        let body = json!({"contract_id": "K1", "customer_id": "ann"});
        let first = command(client, "open-contract", body.clone()).await;
        assert_eq!((first.status, first.headers["location"].to_str().unwrap()), (201, "/contracts/K1"));
        let shown = json!({
            "contract_id": "K1", "customer_id": "ann", "status": "active", "opened_at": first.body["opened_at"],
        });
        assert_eq!(first.body, shown);
        assert_eq!(client.get("/contracts/K1").await.body, shown);
        let again = command(client, "open-contract", body).await;
        assert_eq!((again.status, &again.body), (200, &shown));
        let of_bob = json!({"contract_id": "K1", "customer_id": "bob"});
        assert_eq!(command(client, "open-contract", of_bob).await.outcome(), (409, "contract-exists"));
        let of_nobody = json!({"customer_id": "nobody"});
        assert_eq!(command(client, "open-contract", of_nobody).await.outcome(), (404, "customer-not-found"));
        assert_eq!(client.get("/contracts/K2").await.outcome(), (404, "contract-not-found"));
        let event = client.events().await.pop().unwrap();
        assert_eq!((&event["type"], &event["subject"]), (&json!("ContractOpened"), &json!("K1")));
        assert_eq!(event["data"], json!({"contract_id": "K1", "customer_id": "ann"}));
    })
    .await;
}

#[tokio::test]
async fn a_contract_is_revoked_signed_and_confirmed() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        open(client, "K", "ann").await;
        assert_eq!(step(client, "sign", "K").await.outcome(), (409, "contract-not-pending"));
        assert_eq!(step(client, "reconfirm", "K").await.outcome(), (409, "contract-not-signed"));
        let x = change(client, "ann", "B").await;
        let pending = revoke(client, "K", &x).await;
        assert_eq!((&pending.body["status"], &pending.body["credit_change_id"]), (&json!("pending"), &json!(x)));
        assert_eq!(step(client, "reconfirm", "K").await.outcome(), (409, "contract-not-signed"));
        for _ in 0..2 {
            let signed = step(client, "sign", "K").await;
            assert_eq!((signed.status, &signed.body["status"]), (200, &json!("signed")));
        }
        for _ in 0..2 {
            let confirmed = step(client, "reconfirm", "K").await;
            assert_eq!((confirmed.status, &confirmed.body["status"]), (200, &json!("active")));
            assert!(confirmed.body["confirmed_at"].is_string());
        }
        assert_eq!(revoke(client, "K", &x).await.body["status"], "active", "touched by this change already");
        for _ in 0..2 {
            assert_eq!(step(client, "terminate", "K").await.body["status"], "terminated");
        }
        for name in ["sign", "reconfirm"] {
            assert_eq!(step(client, name, "K").await.outcome(), (409, "contract-terminated"));
        }
        let kinds: Vec<_> = client.story().await.into_iter().skip(2).map(|(kind, _)| kind).collect();
        let expected = [
            "CustomerCreditRatingChanged",
            "CustomerContractRevoked",
            "ContractSigned",
            "CustomerContractReconfirmed",
            "ContractTerminated",
        ];
        assert_eq!(kinds, expected);
        let told = client.events().await.pop().unwrap();
        assert_eq!(told["data"], json!({"contract_id": "K", "customer_id": "ann", "credit_change_id": x}));
    })
    .await;
}

#[tokio::test]
async fn commands_for_unknown_contracts_and_changes_are_refused() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        register(client, "ann").await;
        open(client, "K", "ann").await;
        let x = change(client, "ann", "B").await;
        for name in ["sign", "reconfirm", "terminate"] {
            assert_eq!(step(client, name, "none").await.outcome(), (404, "contract-not-found"), "{name}");
        }
        assert_eq!(revoke(client, "none", &x).await.outcome(), (404, "contract-not-found"));
        assert_eq!(revoke(client, "K", "none").await.outcome(), (404, "credit-change-not-found"));
        assert_eq!(reinstate(client, "none", &x).await.outcome(), (404, "contract-not-found"));
        let other = reinstate(client, "K", "none").await;
        assert_eq!((other.status, &other.body["status"]), (200, &json!("active")), "without effect");
        assert_eq!(status(client, "K").await, "active");
        assert_eq!(client.events().await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    on_each_database(async |database| {
        let contracts = Running::start(Contracts, &database).await;
        let client = &contracts.client;
        for customer in ["ann", "bob"] {
            register(client, customer).await;
        }
        for (contract, customer) in [("A1", "ann"), ("A2", "ann"), ("B1", "bob"), ("A3", "ann")] {
            open(client, contract, customer).await;
        }
        let x = change(client, "ann", "B").await;
        let position = client.get(&format!("/credit-changes/{x}")).await.body["position"].as_i64().unwrap();
        assert_eq!(position, 7);
        open(client, "A4", "ann").await;
        revoke(client, "A1", &x).await;
        step(client, "terminate", "A2").await;
        assert_eq!(listed(client, "limit=2").await, ["A4", "A3", "B1", "A2", "A1"]);
        assert_eq!(listed(client, "customer_id=ann&limit=1").await, ["A4", "A3", "A2", "A1"]);
        assert_eq!(listed(client, &format!("customer_id=ann&opened_up_to={position}")).await, ["A3", "A2", "A1"]);
        assert_eq!(listed(client, "opened_up_to=0").await, Vec::<String>::new());
        assert_eq!(listed(client, &format!("credit_change_id={x}")).await, ["A1"]);
        assert_eq!(listed(client, "status=terminated").await, ["A2"]);
        assert_eq!(listed(client, "status=active&customer_id=bob").await, ["B1"]);
        for query in ["status=void", "customer_id=a%20b", "opened_up_to=-1", "opened_up_to=x", "limit=0", "cursor=x"] {
            let answer = client.get(&format!("/contracts?{query}")).await;
            assert_eq!(answer.outcome(), (400, "invalid-parameter"), "{query}");
        }
    })
    .await;
}
