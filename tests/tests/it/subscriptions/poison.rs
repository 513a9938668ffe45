//! Events that cannot be read (V9).

use messages::{CloudEvent, EVENTS_MEDIA_TYPE};
use serde_json::{Value, json};
use tests::{Component, Env, Fault, Link, binaries};

use super::Subscription;
use super::await_voided;
use super::issue;
use super::request;

/// Returns items in the place of an event, each invalid in its own way.
fn poisoned(log: &[CloudEvent]) -> Vec<Value> {
    let mut batch: Vec<Value> = log.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    let mut requests = batch.iter_mut().filter(|event| event["type"] == "DocumentVoidingRequested");
    let mut next = || requests.next().unwrap();
    next()["data"] = json!(42);
    next()["data"]["process_id"] = json!("not an id!");
    next()["data"] = json!({});
    next()["time"] = json!("yesterday");
    *next() = json!("nonsense");
    batch
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_passed_over() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    let documents = issue(&env, 8).await;
    for id in &documents[..6] {
        request(&env, std::slice::from_ref(id)).await;
    }
    let body = serde_json::to_string(&poisoned(&env.billing().log().await)).unwrap();
    let batch = Fault::Answer { status: 200, content_type: EVENTS_MEDIA_TYPE.to_owned(), body };
    let billing = env.proxy(Link::WorkerToBilling);
    billing.fault_times(1, "/events", batch);
    // Without the sweep, which would take up what the events do not announce.
    billing.fault("/documents?", Fault::status(500));
    env.start(Component::Worker).await;

    await_voided(&env, &documents[5..6]).await;
    Subscription(&env).await_caught_up().await;
    request(&env, &documents[6..7]).await;
    await_voided(&env, &documents[6..7]).await;
    for id in &documents[..5] {
        assert!(env.temporal().describe(id).await.is_none(), "the event of {id} could not be read");
    }
    let log = env.log(Component::Worker);
    assert_eq!(log.lines().filter(|line| line.contains("passed over")).count(), 5, "{log}");
    assert_eq!(Subscription(&env).state().await.unwrap()["status"], "following");

    // V3: the sweep still finds them.
    billing.heal();
    await_voided(&env, &documents[..5]).await;
    env.assert_consistent().await;
}
