//! V7: each log line about a process carries its id.

use crate::start;
use messages::{
    ProcessId,
    voiding::VoidingState::{DocumentVoided, MarkingDocumentAsVoidedSucceeded},
};
use serde_json::json;
use tests::{Component, Env, Fault, Link, eventually, json_payload, workflow_id};

/// Returns the component's log lines that name a document, without those of mere reads: they belong to no process.
fn lines_about(env: &Env, component: Component, document: &str) -> Vec<String> {
    let log = env.log(component);
    let about = log.lines().filter(|line| line.contains(document) && !line.contains("GET /"));
    about.map(str::to_owned).collect()
}

fn assert_lines_carry(env: &Env, component: Component, document: &str, process: &ProcessId) {
    for line in lines_about(env, component, document) {
        assert!(line.contains(process.as_str()), "{component:?} does not name {process}: {line}");
    }
}

/// Checks that the worker's log and the service's log show the command under the process id.
fn assert_command_logged(env: &Env, service: Component, command: &str, path: &str, process: &ProcessId) {
    let has = |component: Component, text: &str| {
        env.log(component).lines().any(|line| line.contains(text) && line.contains(process.as_str()))
    };
    assert!(has(Component::Worker, command), "the worker's log has no {command} of {process}");
    assert!(has(service, path), "the log of {service:?} has no {path} of {process}");
}

#[tokio::test]
async fn each_log_line_about_a_process_carries_its_id() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let (id, process) = (&document.document_id, refused.process_id.as_ref().unwrap());
    for bad in [json!([1]), json!({"note": 7}), json!({"failure_id": "another"})] {
        env.temporal().signal(id, "acknowledge_failure", vec![json_payload(&bad)]).await.unwrap();
    }
    env.temporal().signal(id, "retry", vec![]).await.unwrap();
    let _ = env.acknowledged(id).await;
    for (service, command, path) in [
        (Component::Reports, "MarkDocumentAsVoided", "/commands/mark-document-as-voided"),
        (Component::Billing, "AbortDocumentVoiding", "/commands/abort-document-voiding"),
        (Component::Billing, "CloseDocumentVoiding", "/commands/close-document-voiding"),
    ] {
        assert_command_logged(&env, service, command, path, process);
    }
    let ignored = lines_about(&env, Component::Worker, id.as_str());
    let ignored = ignored.iter().filter(|line| line.contains("ignored")).count();
    assert!(ignored >= 4, "each signal that was ignored is logged with its document");
    for component in [Component::Worker, Component::Billing, Component::Reports, Component::Api] {
        assert_lines_carry(&env, component, id.as_str(), process);
    }
}

#[tokio::test]
async fn a_command_that_does_not_get_through_is_logged_with_its_process() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.proxy(Link::WorkerToReports).fault_times(2, "/commands/mark-", Fault::status(500));
    env.proxy(Link::WorkerToBilling).refuse_times(1, "/commands/complete-", 409, "locked");
    let process = env.api().post_voiding(&id).await.ok_as(202).process_id.unwrap();
    let waiting = env.refused(&id, "CompleteDocumentVoiding", "locked").await;
    assert_eq!(waiting.state, MarkingDocumentAsVoidedSucceeded);
    let _ = env.api().retry(&id).await.ok_as(202);
    let _ = env.in_state(&id, DocumentVoided).await;
    let has = |text: &str| {
        env.log(Component::Worker).lines().filter(|line| line.contains(text) && line.contains(process.as_str())).count()
    };
    assert!(has("attempt failed") >= 2);
    assert_eq!(has("INFO refused"), 1);
    assert!(has("INFO accepted") >= 2);
    for component in [Component::Worker, Component::Billing, Component::Reports, Component::Api] {
        assert_lines_carry(&env, component, id.as_str(), &process);
    }
}

#[tokio::test]
async fn void_document_is_logged_with_the_process_that_it_opened() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    env.temporal().start(&workflow_id(&id), &[json!({"document_id": id})]).await.unwrap();
    let process = env.in_state(&id, DocumentVoided).await.process_id.unwrap();
    assert_command_logged(&env, Component::Billing, "VoidDocument", "/commands/void-document", &process);
    for component in [Component::Worker, Component::Billing, Component::Reports] {
        assert_lines_carry(&env, component, id.as_str(), &process);
    }
}

#[tokio::test]
async fn a_process_that_the_subscription_started_is_logged_with_its_id() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let process = env.billing().void(&id).await.ok().process_id;
    let _ = env.in_state(&id, DocumentVoided).await;
    eventually("the start is logged", async || {
        let lines = lines_about(&env, Component::Worker, id.as_str());
        if lines.iter().any(|line| line.contains("started")) { Ok(()) } else { Err(lines) }
    })
    .await;
    for component in [Component::Worker, Component::Billing, Component::Reports] {
        assert_lines_carry(&env, component, id.as_str(), &process);
    }
}
