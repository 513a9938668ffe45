//! Commands that meet: on PostgreSQL in many interleavings, on SQLite one after the other.

use futures::future::join_all;
use serde_json::json;

use ::contracts::Contracts;
use service_testing::{Running, on_each_database};

use crate::{change, command, listed, open, register, revoke, step};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_same_commands_at_once_one_takes_effect() {
    on_each_database(async |database| {
        let contracts = [Running::start(Contracts, &database).await, Running::start(Contracts, &database).await];
        let client = &contracts[0].client;
        register(client, "ann").await;
        let clients = || (0..20).map(|n| &contracts[n % 2].client);
        let body = json!({"contract_id": "K", "customer_id": "ann"});
        let opened = join_all(clients().map(|client| command(client, "open-contract", body.clone()))).await;
        assert_eq!(opened.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(opened.iter().all(|answer| matches!(answer.status, 200 | 201)), "{opened:?}");
        let x = change(client, "ann", "B").await;
        let revoked = join_all(clients().map(|client| revoke(client, "K", &x))).await;
        assert!(revoked.iter().all(|answer| answer.status == 200), "{revoked:?}");
        for name in ["sign", "reconfirm", "terminate"] {
            let answers = join_all(clients().map(|client| step(client, name, "K"))).await;
            assert!(answers.iter().all(|answer| answer.status == 200), "{name}: {answers:?}");
        }
        assert_eq!(client.events().await.len(), 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_affects_exactly_the_contracts_before_it_in_the_log() {
    on_each_database(async |database| {
        let contracts = [Running::start(Contracts, &database).await, Running::start(Contracts, &database).await];
        let [Running { client: one, .. }, Running { client: other, .. }] = &contracts;
        register(one, "ann").await;
        let ratings = ["AAA", "A", "BBB", "BB", "B", "CCC", "CC", "C"];
        let opening = async {
            for n in 0..24 {
                open(one, &format!("K{n}"), "ann").await;
            }
        };
        let changing = async {
            let mut changes = Vec::new();
            for rating in ratings {
                changes.push(change(other, "ann", rating).await);
            }
            changes
        };
        let ((), changes) = tokio::join!(opening, changing);
        let story = one.story().await;
        for id in changes {
            let position = one.get(&format!("/credit-changes/{id}")).await.body["position"].as_i64().unwrap();
            let before = &story[..usize::try_from(position).unwrap()];
            assert_eq!(before.last().unwrap().0, "CustomerCreditRatingChanged");
            let mut expected: Vec<_> = before
                .iter()
                .filter(|(kind, _)| kind == "ContractOpened")
                .map(|(_, subject)| subject.clone())
                .collect();
            expected.reverse();
            assert_eq!(listed(one, &format!("customer_id=ann&limit=5&opened_up_to={position}")).await, expected);
        }
    })
    .await;
}
