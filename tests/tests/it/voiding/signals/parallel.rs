//! Many acknowledgements of one failure at once.

use crate::start;
use futures::future::join_all;
use messages::voiding::VoidingState::FailureAcknowledged;
use serde_json::json;
use tests::{Component, calls::Api, load};

/// Some of them meet a run that is about to end: "workflow is closing".
#[tokio::test]
async fn parallel_acknowledgements_are_accepted_or_too_late_and_name_the_one_that_counts() {
    let env = start().await;
    // Not the patient client, which asks again by itself.
    let api = Api::new(env.url(Component::Api));
    let (mut named, mut round) = (0, 0);
    // A busy worker may report none in time: then there are more rounds.
    while round < load(3, 20) || named == 0 {
        let id = env.refused_marking().await.0.document_id;
        let operators: Vec<_> = (0..30).map(|number| json!({"acknowledged_by": format!("{round}-{number}")})).collect();
        let answers = join_all(operators.iter().map(|body| api.acknowledge(&id, body))).await;
        let ended = env.in_state(&id, FailureAcknowledged).await;
        let counted = json!(ended.acknowledgement);
        for answer in answers {
            if answer.answered(409) {
                assert_eq!(answer.refusal().1, "no-failure-to-acknowledge");
            } else if answer.answered(503) {
                // Temporal itself has not answered in time, on a busy machine; the log shows it.
                assert_eq!(answer.refusal().1, "temporal-unavailable");
            } else if let given @ serde_json::Value::Object(_) = &answer.ok_as(202)["acknowledgement"] {
                assert_eq!(given, &counted);
                named += 1;
            }
        }
        round += 1;
    }
    let log = env.log(Component::Api);
    let closing: Vec<_> = log.lines().filter(|line| line.contains("about to end")).collect();
    assert!(closing.is_empty(), "{closing:?}");
    env.assert_consistent().await;
}
