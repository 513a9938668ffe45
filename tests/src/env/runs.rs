//! Helpers for tests about a document's runs.

use messages::{DocumentId, ProcessId, voiding::VoidingView};
use temporalio_common::protos::temporal::api::{
    enums::v1::{EventType, WorkflowExecutionStatus},
    workflow::v1::WorkflowExecutionInfo,
};

use super::Env;
use crate::{attribute, eventually, eventually_eq, failure_type, workflow_id};

impl Env {
    /// Returns a document's runs from the visibility store, oldest first.
    pub async fn runs(&self, id: &DocumentId) -> Vec<WorkflowExecutionInfo> {
        let mut runs = self.temporal().list(&format!("WorkflowId = '{}'", workflow_id(id))).await;
        runs.sort_by_key(|run| run.start_time.map(|at| (at.seconds, at.nanos)));
        runs
    }

    /// Waits until the document has exactly these runs, oldest first. Each is given by its process, and by `Running`,
    /// how it ended, or the type of the failure that it ended with.
    pub async fn await_runs(&self, id: &DocumentId, expected: &[(&ProcessId, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(id, end)| (id.to_string(), (*end).to_owned())).collect();
        eventually_eq(&format!("the runs of {id}"), expected, async || {
            let mut runs = Vec::new();
            for run in self.runs(id).await {
                let process = attribute(&run, "ProcessId").as_str().unwrap_or_default().to_owned();
                runs.push((process, self.end(id, &run).await));
            }
            runs
        })
        .await;
    }

    /// Waits until the document's run answers the query `state` as wanted.
    pub async fn await_view(&self, id: &DocumentId, what: &str, wanted: impl Fn(&VoidingView) -> bool) -> VoidingView {
        eventually(what, async || match self.temporal().query_state(id).await {
            Ok(view) if wanted(&view) => Ok(view),
            other => Err(other),
        })
        .await
    }

    /// Waits until the first, local attempt of a command is over. While it lasts, the worker does not notice an end of
    /// the run.
    pub async fn await_durable(&self, id: &DocumentId) {
        eventually("the command is a pending activity", async || {
            let history = self.temporal().history(id).await;
            let count =
                |kinds: &[EventType]| history.iter().filter(|event| kinds.contains(&event.event_type())).count();
            let begun = count(&[EventType::ActivityTaskScheduled]);
            let over = count(&[
                EventType::ActivityTaskCompleted,
                EventType::ActivityTaskFailed,
                EventType::ActivityTaskTimedOut,
                EventType::ActivityTaskCanceled,
            ]);
            if begun > over { Ok(()) } else { Err(history.len()) }
        })
        .await;
    }

    async fn end(&self, id: &DocumentId, run: &WorkflowExecutionInfo) -> String {
        match run.status() {
            WorkflowExecutionStatus::Failed => {
                let run_id = run.execution.as_ref().map(|run| run.run_id.clone()).unwrap_or_default();
                let history = self.temporal().history_of(&workflow_id(id), &run_id).await;
                history.last().and_then(failure_type).unwrap_or_else(|| "Failed".to_owned())
            }
            other => format!("{other:?}"),
        }
    }
}
