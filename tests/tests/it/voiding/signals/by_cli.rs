//! Started, queried, acknowledged and listed by the real `temporal` CLI.

use crate::start;
use messages::voiding::VoidingState::{DocumentVoided, FailureAcknowledged, MarkingDocumentAsVoidedFailed};
use serde_json::json;
use tests::{eventually, workflow_id};

#[tokio::test]
async fn a_voiding_is_started_queried_listed_and_acknowledged_by_the_cli() {
    let env = start().await;
    let document = env.issue_published().await;
    let id = &document.document_id;
    let _ = env.start_by_cli(id, &json!({"document_id": id}).to_string()).await.ok();
    let waiting = env.in_state(id, MarkingDocumentAsVoidedFailed).await;
    let view = env.query_by_cli(id).await;
    assert_eq!((view.state, &view.process_id), (MarkingDocumentAsVoidedFailed, &waiting.process_id));
    assert_eq!(view.customer_id.as_ref(), Some(&document.customer_id));
    assert_eq!(view.failure.unwrap().code, "report-published");

    for query in [
        "VoidingState = 'marking-document-as-voided-failed' AND ExecutionStatus = 'Running'".to_owned(),
        format!("DocumentId = '{id}'"),
        format!("CustomerId = '{}'", document.customer_id),
        format!("ProcessId = '{}' AND Incident = false", waiting.process_id.as_ref().unwrap()),
    ] {
        eventually(&query, async || {
            let listed = env.temporal().cli(&["workflow", "list", "--query", &query, "--output", "json"]).await.json();
            if listed[0]["execution"]["workflowId"] == workflow_id(id) { Ok(()) } else { Err(listed) }
        })
        .await;
    }

    let input = format!("--input={}", json!({"acknowledged_by": "alex", "note": "by hand"}));
    env.signal_by_cli(id, "acknowledge_failure", &[&input]).await;
    assert_eq!(env.temporal().ended_as(id).await, "FailureAcknowledged");
    let acknowledged = env.in_state(id, FailureAcknowledged).await.acknowledgement.unwrap();
    assert_eq!(acknowledged.acknowledged_by.as_deref(), Some("alex"));
    assert_eq!(acknowledged.note.as_deref(), Some("by hand"));
    assert_eq!(env.query_by_cli(id).await.state, FailureAcknowledged);
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_document_is_voided_by_the_cli_once_and_a_second_start_changes_nothing() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let input = json!({"document_id": id, "unknown": {"field": 1}}).to_string();
    let _ = env.start_by_cli(&id, &input).await.ok();
    assert_eq!(env.temporal().ended_as(&id).await, "Completed");
    let voided = env.api().voiding(&id).await.ok();
    assert_eq!(voided.state, DocumentVoided);

    let _ = env.start_by_cli(&id, &input).await.ok();
    assert_eq!(env.temporal().ended_as(&id).await, "VoidDocumentRefused");
    assert_eq!(env.api().voiding(&id).await.ok(), voided);
    eventually("the list shows the voiding and not the refused run", async || {
        let listed = env.api().voidings("").await.ok().items;
        if listed == [voided.clone()] { Ok(()) } else { Err(listed) }
    })
    .await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn the_web_ui_says_what_a_voiding_waits_for() {
    let env = start().await;
    let document = env.issue_published().await;
    let id = &document.document_id;
    let _ = env.api().post_voiding_to_its_end(id).await.ok_as(200);
    let workflow = workflow_id(id);
    let words = ["workflow", "metadata", "--workflow-id", &workflow, "--output", "json"];
    let shown = env.temporal().cli(&words).await;
    assert!(shown.ok().contains("acknowledge_failure"), "{shown:?}");
    let described = env.temporal().cli(&["workflow", "describe", "--workflow-id", &workflow]).await;
    assert!(described.ok().contains(&format!("Void document {id}")), "{described:?}");
}
