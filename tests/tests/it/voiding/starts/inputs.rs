//! Starts with inputs of every shape: *Failed*, type `InvalidInput`, and passed over by the api (V9).

use crate::start;
use messages::{DocumentId, voiding::VoidingState::DocumentVoided};
use serde_json::{Value, json};
use tests::{Env, eventually_eq, sample};

/// Checks that the run ended as one that voids nothing: the api does not know of it.
async fn assert_passed_over(env: &Env, id: &DocumentId, kind: &str, input: &str) {
    assert_eq!(env.temporal().ended_as(id).await, kind, "{input}");
    assert!(!env.temporal().has_failed_task(id).await, "{input}");
    assert_eq!(env.api().voiding(id).await.refusal(), (404, "voiding-not-found".to_owned()), "{input}");
    let acknowledged = env.api().acknowledge(id, &json!({})).await;
    assert_eq!(acknowledged.refusal(), (404, "voiding-not-found".to_owned()), "{input}");
}

async fn assert_none_listed(env: &Env) {
    let probe =
        async || env.temporal().list("WorkflowType = 'DocumentVoiding' AND ExecutionStatus = 'Running'").await.len();
    eventually_eq("no run goes on", 0, probe).await;
    let probe = async || env.api().voidings("").await.ok().items.len();
    eventually_eq("none of the runs is listed", 0, probe).await;
}

#[tokio::test]
async fn malformed_inputs_end_failed_as_invalid_input_and_the_api_passes_over_them() {
    let env = start().await;
    let issued = env.issue_reported().await;
    let with = |extra: Value| {
        let mut input = json!({"document_id": "ID"});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    };
    let inputs: Vec<Vec<Value>> = vec![
        vec![],
        vec![json!(null)],
        vec![json!([])],
        vec![json!(["ID"])],
        vec![json!("ID")],
        vec![json!(7)],
        vec![json!({})],
        vec![json!({"document_id": null})],
        vec![json!({"document_id": 1})],
        vec![json!({"document_id": ["ID"]})],
        vec![json!({"document_id": ""})],
        vec![json!({"document_id": "a b"})],
        vec![json!({"document_id": "x".repeat(129)})],
        vec![json!({"document_id": issued.document_id})],
        vec![json!({"documentId": "ID"})],
        vec![with(json!({"process_id": 5}))],
        vec![with(json!({"process_id": "a b"}))],
        vec![with(json!({"customer_id": {}}))],
        vec![with(json!({})), with(json!({}))],
    ];
    for input in inputs {
        let id = sample::document_id();
        let input: Vec<Value> =
            input.iter().map(|v| serde_json::from_str(&v.to_string().replace("ID", id.as_str())).unwrap()).collect();
        env.temporal().start(&tests::workflow_id(&id), &input).await.unwrap();
        assert_passed_over(&env, &id, "InvalidInput", &json!(input).to_string()).await;
    }
    for input in ["[1]", "\"x\"", "{}", "null"] {
        let id = sample::document_id();
        let _ = env.start_by_cli(&id, input).await.ok();
        assert_passed_over(&env, &id, "InvalidInput", input).await;
    }
    assert_none_listed(&env).await;
    // The document that one of the inputs named is untouched.
    let id = &issued.document_id;
    assert_eq!(env.api().post_voiding_to_its_end(id).await.ok_as(200).state, DocumentVoided);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_workflow_id_that_is_not_the_documents_is_an_invalid_input() {
    let env = start().await;
    let document = env.issue_reported().await.document_id;
    let other: DocumentId = "other".parse().unwrap();
    for workflow in ["voiding-other", "voiding-", "voiding-a b", "other", "Voiding-x", &"x".repeat(900)] {
        env.temporal().start(workflow, &[json!({"document_id": document})]).await.unwrap();
        let describe = ["workflow", "describe", "--workflow-id", workflow, "--output", "json"];
        let probe = async || {
            let described = env.temporal().cli(&describe).await.json();
            described["workflowExecutionInfo"]["status"].as_str().unwrap_or_default().to_owned()
        };
        eventually_eq(workflow, "WORKFLOW_EXECUTION_STATUS_FAILED".to_owned(), probe).await;
        let shown = env.temporal().cli(&["workflow", "show", "--workflow-id", workflow, "--output", "json"]).await;
        assert!(shown.ok().contains("InvalidInput") && !shown.ok().contains("WORKFLOW_TASK_FAILED"), "{shown:?}");
    }
    assert_passed_over(&env, &other, "InvalidInput", "another workflow id").await;
    assert_none_listed(&env).await;
    assert_eq!(env.api().voiding(&document).await.refusal().1, "voiding-not-found");
    env.assert_consistent().await;
}

#[tokio::test]
async fn an_unknown_document_ends_as_void_document_refused_and_the_api_passes_over_it() {
    let env = start().await;
    let id = sample::document_id();
    let input = json!({"document_id": id}).to_string();
    let _ = env.start_by_cli(&id, &input).await.ok();
    assert_passed_over(&env, &id, "VoidDocumentRefused", &input).await;
    assert_none_listed(&env).await;
    assert_eq!(env.api().post_voiding(&id).await.refusal(), (404, "document-not-found".to_owned()));
    env.assert_consistent().await;
}
