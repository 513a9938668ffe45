//! The event log over HTTP: many writers, waiting readers.

use std::time::Instant;

use futures::future::join_all;
use serde_json::Value;

use billing::Billing;
use service_testing::{Running, on_each_database};

use crate::document;

const WRITERS: usize = 16;
const EACH: usize = 125;

fn position(event: &Value) -> usize {
    event["sequence"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_thousands_of_events_of_many_writers_once_and_in_order() {
    on_each_database(async |database| {
        let billing = [Running::start(Billing, &database).await, Running::start(Billing, &database).await];
        let writers = join_all((0..WRITERS).map(|writer| {
            let client = billing[writer % 2].client.clone();
            async move {
                for n in 0..EACH {
                    let id = format!("D-{writer}-{n}");
                    assert_eq!(client.post("/documents", document(&id)).await.status, 201);
                }
            }
        }));
        let reader = async {
            let mut seen: Vec<Value> = Vec::new();
            while seen.len() < WRITERS * EACH {
                let page = billing[0].client.get(&format!("/events?after={}&limit=7&wait=10", seen.len())).await;
                for event in page.body.as_array().unwrap() {
                    assert_eq!(position(event), seen.len() + 1);
                    seen.push(event["subject"].clone());
                }
            }
            seen.sort_by_key(ToString::to_string);
            seen.dedup();
            assert_eq!(seen.len(), WRITERS * EACH);
        };
        tokio::join!(writers, reader);
    })
    .await;
}

#[tokio::test]
async fn a_waiting_reader_is_woken_by_a_commit_also_of_another_instance() {
    on_each_database(async |database| {
        let billing = [Running::start(Billing, &database).await, Running::start(Billing, &database).await];
        for (n, writer) in billing.iter().enumerate() {
            let started = Instant::now();
            let (page, _) =
                tokio::join!(async { billing[0].client.get(&format!("/events?after={n}&wait=30")).await }, async {
                    writer.client.post("/documents", document(&format!("D{n}"))).await
                });
            assert_eq!(page.body.as_array().unwrap().len(), 1);
            assert_eq!(page.headers["content-type"], "application/cloudevents-batch+json");
            // A reader that is not woken waits for its full 30 s.
            assert!(started.elapsed().as_secs() < 30);
        }
    })
    .await;
}

#[tokio::test]
async fn a_waiting_reader_does_not_hold_up_the_end() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        let client = billing.client.clone();
        let waiting = tokio::spawn(async move { client.get("/events?wait=30").await });
        billing.client.get("/livez").await;
        let started = Instant::now();
        billing.stop().await;
        // A request that is still running then would be dropped after 8 s.
        assert!(started.elapsed().as_secs() < 8);
        // A request that did not get in before the end has no answer at all.
        if let Ok(answer) = waiting.await {
            assert_eq!(answer.body, Value::Array(Vec::new()));
        }
    })
    .await;
}

#[tokio::test]
async fn parameters_of_the_log_have_limits() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        for query in
            ["after=-1", "after=x", "limit=0", "limit=1001", "wait=31", "wait=1.5", "after=99999999999999999999"]
        {
            let answer = billing.client.get(&format!("/events?{query}")).await;
            assert_eq!(answer.outcome(), (400, "invalid-parameter"), "{query}");
        }
        assert_eq!(billing.client.get("/events?after=9223372036854775807").await.body, Value::Array(Vec::new()));
    })
    .await;
}
