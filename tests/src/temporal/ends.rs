//! The end of a run, and its published state.

use messages::DocumentId;
use serde_json::Value;
use temporalio_common::protos::temporal::api::{
    enums::v1::{WorkflowExecutionStatus, WorkflowTaskFailedCause},
    failure::v1::failure::FailureInfo,
    history::v1::{HistoryEvent, history_event::Attributes},
    workflow::v1::WorkflowExecutionInfo,
};

use super::Temporal;
use crate::eventually;

impl Temporal {
    /// Waits for the end of the document's latest run. Returns how it ended: `Completed`, or the failure's type.
    ///
    /// # Panics
    /// Panics if there is no run.
    pub async fn ended_as(&self, id: &DocumentId) -> String {
        eventually(&format!("the run of {id} ends"), async || match self.describe(id).await {
            Some(run) if run.status() != WorkflowExecutionStatus::Running => Ok(()),
            other => Err(other.map(|run| (run.status(), run.history_length))),
        })
        .await;
        let history = self.history(id).await;
        let last = history.last().expect("a history");
        failure_type(last).unwrap_or_else(|| format!("{:?}", last.event_type()).replace("WorkflowExecution", ""))
    }

    /// Returns whether a workflow task of the document's latest run has ever failed. A task that timed out met a busy
    /// machine, and is repeated.
    ///
    /// If a signal arrives while the run's last task is on its way, Temporal repeats that task. That is not a failure.
    pub async fn has_failed_task(&self, id: &DocumentId) -> bool {
        self.history(id).await.into_iter().any(|event| match event.attributes {
            Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) => {
                failed.cause() != WorkflowTaskFailedCause::UnhandledCommand
            }
            _ => false,
        })
    }
}

/// Returns the type of the failure with which the run ended, if this event says so.
pub(crate) fn failure_type(event: &HistoryEvent) -> Option<String> {
    let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) = &event.attributes else { return None };
    match failed.failure.as_ref()?.failure_info.as_ref()? {
        FailureInfo::ApplicationFailureInfo(info) => Some(info.r#type.clone()),
        _ => None,
    }
}

/// Returns a search attribute of a run; `null` if it has none with this name.
///
/// # Panics
/// Panics if it is not JSON.
#[must_use]
pub fn attribute(run: &WorkflowExecutionInfo, name: &str) -> Value {
    let payload = run.search_attributes.as_ref().and_then(|attributes| attributes.indexed_fields.get(name));
    payload.map_or(Value::Null, |payload| serde_json::from_slice(&payload.data).expect("JSON"))
}
