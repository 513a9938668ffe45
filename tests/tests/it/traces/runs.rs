//! What a test sees of a document's runs.

use messages::{DocumentId, ProcessId, voiding::VoidingView};
use temporalio_common::protos::temporal::api::{
    enums::v1::WorkflowExecutionStatus,
    failure::v1::failure::FailureInfo,
    history::v1::{HistoryEvent, history_event::Attributes},
    workflow::v1::WorkflowExecutionInfo,
};
use tests::{Env, Link, eventually, eventually_eq, workflow_id};

const SWEEP: &str = "/documents?process=open";

/// A document's runs as the visibility store has them, oldest first.
pub(crate) async fn listed(env: &Env, id: &DocumentId) -> Vec<WorkflowExecutionInfo> {
    let mut runs = env.temporal().list(&format!("WorkflowId = '{}'", workflow_id(id))).await;
    runs.sort_by_key(|run| run.start_time.map(|at| (at.seconds, at.nanos)));
    runs
}

/// Awaits that the document has exactly these runs, oldest first: each one's process, and `Running`, how it ended, or the
/// type of the failure that it ended with.
pub(crate) async fn await_runs(env: &Env, id: &DocumentId, expected: &[(&ProcessId, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(id, end)| (id.to_string(), (*end).to_owned())).collect();
    eventually_eq(&format!("the runs of {id}"), expected, async || {
        let mut runs = Vec::new();
        for run in listed(env, id).await {
            runs.push((process(&run), end(env, id, &run).await));
        }
        runs
    })
    .await;
}

/// Awaits that the document's run answers the query `state` with what is wanted.
pub(crate) async fn await_view(
    env: &Env,
    id: &DocumentId,
    what: &str,
    wanted: impl Fn(&VoidingView) -> bool,
) -> VoidingView {
    eventually(what, async || match env.temporal().query_state(id).await {
        Ok(view) if wanted(&view) => Ok(view),
        other => Err(other),
    })
    .await
}

/// Returns when a sweep that began after this call has ended.
pub(crate) async fn a_whole_sweep(env: &Env) {
    let proxy = env.proxy(Link::WorkerToBilling);
    let begun = proxy.requests_to(SWEEP).len();
    proxy.await_requests(begun + 2, SWEEP).await;
}

fn process(run: &WorkflowExecutionInfo) -> String {
    let attributes = run.search_attributes.as_ref();
    let payload = attributes.and_then(|attributes| attributes.indexed_fields.get("ProcessId"));
    payload.and_then(|payload| serde_json::from_slice(&payload.data).ok()).unwrap_or_default()
}

async fn end(env: &Env, id: &DocumentId, run: &WorkflowExecutionInfo) -> String {
    match run.status() {
        WorkflowExecutionStatus::Failed => {
            let run_id = run.execution.as_ref().map(|run| run.run_id.clone()).unwrap_or_default();
            let history = env.temporal().history_of(&workflow_id(id), &run_id).await;
            history.last().and_then(failure_type).unwrap_or_else(|| "Failed".to_owned())
        }
        other => format!("{other:?}"),
    }
}

fn failure_type(event: &HistoryEvent) -> Option<String> {
    let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) = &event.attributes else { return None };
    match failed.failure.as_ref()?.failure_info.as_ref()? {
        FailureInfo::ApplicationFailureInfo(info) => Some(info.r#type.clone()),
        _ => None,
    }
}
