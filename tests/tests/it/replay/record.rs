//! The recorder: walks every path on a real system and keeps the histories.

use std::fs;

use serde_json::Value;
use temporalio_client::WorkflowHistory;
use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{History, HistoryEvent},
};
use tests::{Env, binaries, eventually};

use super::{confirmations, credit_changes, folder, paths, transfers};

/// Not a test: run it by name if a path is new, or if a change of the workflow was made with a patch marker and both
/// sides are to be kept.
#[tokio::test]
#[ignore = "rewrites tests/histories; see tests/README.md"]
async fn record() {
    let env = Env::builder(binaries!()).start().await;
    for name in paths::NAMES {
        keep(&env, name, &paths::walk(&env, name).await).await;
    }
}

/// Does the same as [`record`], for the money transfers alone.
#[tokio::test]
#[ignore = "rewrites tests/histories; see tests/README.md"]
async fn record_transfers() {
    let env = Env::builder(binaries!()).transfers_only().start().await;
    for name in transfers::NAMES {
        keep(&env, name, &transfers::walk(&env, name).await).await;
    }
}

/// Does the same as [`record`], for the confirmations of contracts alone.
#[tokio::test]
#[ignore = "rewrites tests/histories; see tests/README.md"]
async fn record_confirmations() {
    let env = confirmations::start().await;
    for name in confirmations::NAMES {
        keep(&env, name, &confirmations::walk(&env, name).await).await;
    }
}

/// Does the same as [`record`], for credit changes and their batches alone.
#[tokio::test]
#[ignore = "rewrites tests/histories; see tests/README.md"]
async fn record_credit_changes() {
    let env = credit_changes::start().await;
    for name in credit_changes::NAMES {
        keep(&env, name, &credit_changes::walk(&env, name).await).await;
    }
}

async fn keep(env: &Env, name: &str, workflow_id: &str) {
    let history = WorkflowHistory::from(History { events: ended(env, workflow_id).await });
    let json = serde_json::from_slice(&history.to_json().await.unwrap()).unwrap();
    let json = serde_json::to_string(&anonymous(json)).unwrap();
    fs::write(folder().join(format!("{name}.json")), json + "\n").unwrap();
}

/// Returns the history of an ended run. A subscription never ends, so its wait for its activity counts as the end.
async fn ended(env: &Env, workflow_id: &str) -> Vec<HistoryEvent> {
    eventually("the run ends", async || {
        let events = env.temporal().history_by_id(workflow_id).await;
        let last = events.last().map(HistoryEvent::event_type);
        match last {
            Some(
                EventType::WorkflowExecutionCompleted
                | EventType::WorkflowExecutionFailed
                | EventType::ActivityTaskScheduled,
            ) => Ok(events),
            _ => Err(last),
        }
    })
    .await
}

/// Removes the name of the machine on which it was recorded (`<process>@<host>`).
fn anonymous(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('@') => "recorder".into(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, anonymous(value))).collect(),
        Value::Array(values) => values.into_iter().map(anonymous).collect(),
        other => other,
    }
}
