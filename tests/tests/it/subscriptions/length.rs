//! Thousands of events do not make the subscription's history long.

use chrono::Utc;
use messages::{CloudEvent, EVENTS_MEDIA_TYPE};
use serde_json::json;
use tests::{Component, Env, Fault, FaultProxy, Link, binaries, eventually_eq, sample};

use super::Subscription;

/// A turn takes 5,000 events.
const EVENTS: i64 = 7_000;
const BATCH: i64 = 200;

fn event(sequence: i64, logid: &str) -> CloudEvent {
    CloudEvent {
        specversion: "1.0".to_owned(),
        id: sequence.to_string(),
        source: "/billing".to_owned(),
        kind: "DocumentIssued".to_owned(),
        subject: "a-document".to_owned(),
        time: Utc::now(),
        datacontenttype: "application/json".to_owned(),
        sequence,
        correlationid: sequence.to_string(),
        causationid: sequence.to_string(),
        logid: logid.to_owned(),
        data: json!({}),
    }
}

/// Replaces Billing by a log that is already long.
fn a_long_log(billing: &FaultProxy) {
    let logid = sample::unique("log");
    billing.fault("/events", Fault::Hang);
    let answer = |after: i64, events: Vec<CloudEvent>| {
        let body = serde_json::to_string(&events).unwrap();
        let batch = Fault::Answer { status: 200, content_type: EVENTS_MEDIA_TYPE.to_owned(), body };
        billing.fault(&format!("/events?after={after}&"), batch);
    };
    for after in (0..EVENTS).step_by(200) {
        answer(after, (1..=BATCH).map(|n| event(after + n, &logid)).collect());
        let last = after + BATCH;
        answer(last - 1, vec![event(last, &logid)]);
    }
}

#[tokio::test]
async fn thousands_of_events_keep_the_subscriptions_history_short() {
    let env = Env::builder(binaries!()).later(Component::Worker).start().await;
    a_long_log(env.proxy(Link::WorkerToBilling));
    env.start(Component::Worker).await;
    env.ready(Component::Worker).await;
    let subscription = Subscription(&env);
    eventually_eq("the end of the log", Some(EVENTS), async || subscription.position().await).await;
    let info = subscription.describe().await.workflow_execution_info.unwrap();
    assert_ne!(info.first_run_id, info.execution.unwrap().run_id, "it has continued as new");
    // Fewer than 10, except for workflow tasks that are repeated on a busy machine.
    assert!(info.history_length < 100, "{} events of history", info.history_length);
    let begun = subscription.state().await.unwrap()["position"].as_i64().unwrap();
    // A turn also takes everything that has been read when it is long enough.
    assert!((5_000..EVENTS).contains(&begun), "this turn began at {begun}");
}
