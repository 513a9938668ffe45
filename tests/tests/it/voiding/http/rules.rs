//! Acknowledgement and retry by REST: when they are accepted, and the answers otherwise.

use crate::start;
use messages::{
    DocumentId,
    voiding::VoidingState::{DocumentVoided, FailureAcknowledged, MarkingDocumentAsVoidedSucceeded},
};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Env, calls::http, sample};

async fn acknowledge(env: &Env, id: &DocumentId, body: &Value) -> (u16, String) {
    env.api().acknowledge(id, body).await.refusal()
}

fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn only_a_failure_that_is_there_can_be_acknowledged_and_only_a_refused_completion_retried() {
    let env = start().await;
    let (voided, never) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    let _ = env.api().post_voiding_to_its_end(&voided).await.ok_as(200);
    let unknown = sample::document_id();
    for (id, code) in [(&unknown, 404), (&never, 404), (&voided, 409)] {
        let (acknowledging, retrying) = match code {
            404 => ("voiding-not-found", "voiding-not-found"),
            _ => ("no-failure-to-acknowledge", "nothing-to-retry"),
        };
        assert_eq!(acknowledge(&env, id, &json!({})).await, problem(code, acknowledging), "{id}");
        assert_eq!(env.api().retry(id).await.refusal(), problem(code, retrying), "{id}");
    }
    for id in [&unknown, &never] {
        assert_eq!(env.api().voiding(id).await.refusal(), problem(404, "voiding-not-found"));
    }
    assert_eq!(env.api().post_voiding(&unknown).await.refusal(), problem(404, "document-not-found"));

    let (document, refused) = env.refused_marking().await;
    let id = &document.document_id;
    assert_eq!(refused.links["acknowledgement"], format!("/voidings/{id}/acknowledgement"));
    assert_eq!(refused.links["retry"], Value::Null);
    assert_eq!(env.api().retry(id).await.refusal(), problem(409, "nothing-to-retry"));
    let _ = env.acknowledged(id).await;
    assert_eq!(acknowledge(&env, id, &json!({})).await, problem(409, "no-failure-to-acknowledge"));
    assert_eq!(env.api().retry(id).await.refusal(), problem(409, "nothing-to-retry"));
    env.assert_consistent().await;
}

#[tokio::test]
async fn an_acknowledgement_keeps_the_rules_of_its_fields_and_its_body_may_be_absent() {
    let env = start().await;
    let (document, _) = env.refused_marking().await;
    let id = &document.document_id;
    for bad in [
        json!({"acknowledged_by": "é".repeat(201)}),
        json!({"note": "n".repeat(2_001)}),
        json!({"acknowledged_by": 7}),
        json!({"note": ["x"]}),
        json!([]),
        json!("alex"),
        json!(null),
    ] {
        assert_eq!(acknowledge(&env, id, &bad).await, problem(422, "invalid-body"), "{bad}");
    }
    let path = format!("/voidings/{id}/acknowledgement");
    let api = env.api();
    let unreadable = api.raw().post_bytes(&path, Some("application/json"), b"{\"note\":".to_vec()).await;
    assert_eq!(unreadable.refusal(), problem(400, "unreadable-body"));
    let other_type = api.raw().post_bytes(&path, Some("text/plain"), b"{}".to_vec()).await;
    assert_eq!(other_type.refusal(), problem(415, "unsupported-media-type"));
    let voiding = env.api().voiding(id).await.ok();
    assert_eq!(voiding.acknowledgement, None);

    let _ = api.raw().post_bytes(&path, None, Vec::new()).await.ok_as(202);
    let acknowledged = env.in_state(id, FailureAcknowledged).await.acknowledgement.unwrap();
    assert_eq!((acknowledged.acknowledged_by, acknowledged.note), (None, None));

    let _ = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    let longest = json!({"acknowledged_by": "é".repeat(200), "note": "ß".repeat(2_000), "unknown": [1]});
    let _ = api.acknowledge(id, &longest).await.ok_as(202);
    let acknowledged = env.in_state(id, FailureAcknowledged).await.acknowledgement.unwrap();
    assert_eq!(acknowledged.note, Some("ß".repeat(2_000)));
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_refused_completion_can_be_retried_or_acknowledged() {
    let env = start().await;
    let (retried, acknowledged) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    for id in [&retried, &acknowledged] {
        let incident = env.refused_completion(id).await;
        assert_eq!(incident.state, MarkingDocumentAsVoidedSucceeded);
        for link in ["acknowledgement", "retry"] {
            assert_eq!(incident.links[link], format!("/voidings/{id}/{link}"));
        }
        let incident = incident.incident.unwrap();
        assert_eq!((incident.command.as_str(), incident.code.as_deref()), ("CompleteDocumentVoiding", Some("locked")));
    }
    // The retry takes no body, so any body is ignored.
    let path = format!("/voidings/{retried}/retry");
    let request = http().request(Method::POST, format!("{}{path}", env.api().raw().base())).body("[1, 2");
    let _ = env.api().raw().send::<Value>(request).await.ok_as(202);
    let voiding = env.in_state(&retried, DocumentVoided).await;
    assert_eq!((voiding.incident, voiding.acknowledgement), (None, None));
    let voiding = env.acknowledged(&acknowledged).await;
    assert_eq!((voiding.incident, voiding.acknowledgement.unwrap().acknowledged_by.as_deref()), (None, Some("alex")));
    env.assert_consistent().await;
}
