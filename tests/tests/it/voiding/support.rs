//! What tests of the voiding begin with, and wait for.

use messages::{DocumentId, billing::Document, voiding::VoidingState};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::{
    enums::v1::{EventType, WorkflowExecutionStatus, WorkflowTaskFailedCause},
    failure::v1::failure::FailureInfo,
    history::v1::{HistoryEvent, history_event::Attributes},
    workflow::v1::WorkflowExecutionInfo,
};
use tests::{Env, Temporal, binaries, calls::Voiding, eventually};

/// A whole system.
pub(crate) async fn start() -> Env {
    Env::builder(binaries!()).start().await
}

/// A document that stands in a published report.
pub(crate) async fn issue_published(env: &Env) -> Document {
    let document = env.issue_reported().await;
    let _ = env.reports().publish(&document.customer_id).await.ok();
    document
}

/// A document that stands in a published report, and its process, which waits for an acknowledgement.
pub(crate) async fn published_and_refused(env: &Env) -> (Document, Voiding) {
    let document = issue_published(env).await;
    let voiding = env.api().post_voiding_and_wait(&document.document_id, 30).await.ok_as(200);
    assert_eq!(voiding.state, VoidingState::MarkingDocumentAsVoidedFailed);
    (document, voiding)
}

/// Acknowledges by REST and waits for the end of the process.
pub(crate) async fn ack(env: &Env, id: &DocumentId) -> Voiding {
    let _ = env.api().acknowledge(id, &json!({"acknowledged_by": "alex"})).await.ok_as(202);
    await_state(env, id, VoidingState::FailureAcknowledged).await
}

/// Waits until the api shows this state.
pub(crate) async fn await_state(env: &Env, id: &DocumentId, state: VoidingState) -> Voiding {
    eventually(&format!("{id} is {state}"), async || {
        let voiding = env.api().voiding(id).await.try_ok()?;
        if voiding.state == state { Ok(voiding) } else { Err(format!("{voiding:?}")) }
    })
    .await
}

/// Waits for the end of the document's latest run; how it ended: `Completed`, or the failure's type.
pub(crate) async fn ended_as(temporal: &Temporal, id: &DocumentId) -> String {
    eventually(&format!("the run of {id} ends"), async || match temporal.describe(id).await {
        Some(run) if run.status() != WorkflowExecutionStatus::Running => Ok(()),
        other => Err(other.map(|run| run.status())),
    })
    .await;
    let history = temporal.history(id).await;
    let last = history.last().unwrap();
    failed_type(last).unwrap_or_else(|| format!("{:?}", last.event_type()).replace("WorkflowExecution", ""))
}

/// Type of the failure with which the run ended, where this event says so.
fn failed_type(event: &HistoryEvent) -> Option<String> {
    let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) = &event.attributes else { return None };
    match failed.failure.as_ref()?.failure_info.as_ref()? {
        FailureInfo::ApplicationFailureInfo(info) => Some(info.r#type.clone()),
        _ => None,
    }
}

/// Whether a workflow task of the document's latest run has ever failed or timed out.
///
/// That a signal comes in while the run's last task is on its way makes Temporal repeat that task, and is no failure.
pub(crate) async fn has_failed_task(temporal: &Temporal, id: &DocumentId) -> bool {
    temporal.history(id).await.into_iter().any(|event| match event.attributes {
        Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) => {
            failed.cause() != WorkflowTaskFailedCause::UnhandledCommand
        }
        _ => event.event_type() == EventType::WorkflowTaskTimedOut,
    })
}

/// A search attribute of a run; `null` where it has none of this name.
pub(crate) fn attribute(run: &WorkflowExecutionInfo, name: &str) -> Value {
    let payload = run.search_attributes.as_ref().and_then(|attributes| attributes.indexed_fields.get(name));
    payload.map_or(Value::Null, |payload| serde_json::from_slice(&payload.data).unwrap())
}
