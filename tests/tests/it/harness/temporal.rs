//! The run's Temporal server, and a separate namespace on it.

use serde_json::json;
use temporalio_client::tonic::Code;
use tests::{TemporalServer, binaries, eventually_eq, json_payload, sample, workflow_id};

#[tokio::test]
async fn a_namespace_can_be_used_at_once() {
    let temporal = TemporalServer::shared(&binaries!()).namespace().await;
    let document = sample::document_id();
    temporal.start(&workflow_id(&document), &[json!({"document_id": document})]).await.unwrap();
    assert_eq!(temporal.start(&workflow_id(&document), &[]).await.unwrap_err().code(), Code::AlreadyExists);
    eventually_eq("it is listed", 1, async || temporal.list("ExecutionStatus = 'Running'").await.len()).await;
}

#[tokio::test]
async fn runs_can_be_signalled_read_and_ended() {
    let temporal = TemporalServer::shared(&binaries!()).namespace().await;
    let document = sample::document_id();
    assert!(temporal.describe(&document).await.is_none());
    temporal.start(&workflow_id(&document), &[]).await.unwrap();
    temporal.signal(&document, "any", vec![json_payload(&json!(1)), json_payload(&json!({}))]).await.unwrap();
    temporal.cancel(&document).await.unwrap();
    temporal.terminate(&document).await.unwrap();
    let kinds: Vec<_> =
        temporal.history(&document).await.iter().map(|event| event.event_type().as_str_name()).collect();
    assert_eq!(kinds.last(), Some(&"EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED"));
    assert!(kinds.contains(&"EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"), "{kinds:?}");
    assert_eq!(temporal.signal(&document, "any", vec![]).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn the_real_cli_sees_the_namespace() {
    let temporal = TemporalServer::shared(&binaries!()).namespace().await;
    let started =
        temporal.cli(&["workflow", "start", "--type", "Any", "--task-queue", "any", "--workflow-id", "w"]).await;
    assert!(started.ok().contains("RunId"), "{started:?}");
    let listed = async || temporal.cli(&["workflow", "list", "--output", "json"]).await.json();
    eventually_eq("it is listed", json!("w"), async || listed().await[0]["execution"]["workflowId"].clone()).await;
    assert_ne!(temporal.cli(&["workflow", "describe", "--workflow-id", "none"]).await.code, 0);
}
