//! A run of the workflow, as `describe` and the visibility store show it.

use chrono::{DateTime, Utc};
use messages::{
    CustomerId, ProcessId,
    voiding::{Incident, Step, VoidingState, VoidingView},
};
use process_manager_host::operator::{PendingCommand, decode, memo, timestamp};
use temporalio_common::protos::temporal::api::{
    enums::v1::WorkflowExecutionStatus, workflow::v1::WorkflowExecutionInfo,
};
use workflows::voiding;

/// The command whose refusal can be acknowledged.
const COMPLETE: &str = "CompleteDocumentVoiding";

/// One run of the workflow `DocumentVoiding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Temporal's id of the run.
    pub run_id: String,
    /// Whether it is running; if not, it has completed, failed, been terminated or cancelled, or timed out.
    pub is_running: bool,
    /// The state of the process, as far as it has published any.
    pub view: VoidingView,
    /// The reason why the view has no steps, if it has none.
    pub steps_missing: Option<String>,
    /// When the run was started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Commands in flight; empty in a list.
    pub pending: Vec<PendingCommand>,
}

impl Run {
    /// Reads a run. Returns `None` if it voids nothing: another workflow, an id of another form, or a run that ended
    /// without a state (`InvalidInput`, `VoidDocumentRefused`) or before Billing opened a process.
    pub(crate) fn read(info: &WorkflowExecutionInfo, pending: Vec<PendingCommand>) -> Option<Self> {
        let execution = info.execution.as_ref()?;
        let document_id = voiding::document_id(&execution.workflow_id)?;
        if info.r#type.as_ref().is_none_or(|kind| kind.name != voiding::WORKFLOW_TYPE) {
            return None;
        }
        if info.status() == WorkflowExecutionStatus::ContinuedAsNew {
            // The process goes on in another run, which has everything that this one knew.
            return None;
        }
        let is_running = info.status() == WorkflowExecutionStatus::Running;
        let state = attribute::<VoidingState>(info, voiding::VOIDING_STATE.name());
        let started_at = info.start_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos))?;
        let memo = memo::<VoidingView>(info, voiding::MEMO).filter(|view| view.document_id == document_id);
        let has_state = state.is_some();
        let state = state.unwrap_or(VoidingState::VoidingRequested);
        let view = memo.unwrap_or_else(|| VoidingView {
            state,
            process_id: attribute::<ProcessId>(info, voiding::PROCESS_ID.name()),
            document_id,
            customer_id: attribute::<CustomerId>(info, voiding::CUSTOMER_ID.name()),
            failure: None,
            incident: None,
            acknowledgement: None,
            steps: first_step(state, started_at),
        });
        if !is_running && (!has_state || view.process_id.is_none()) {
            return None;
        }
        let steps_missing = view.steps.is_empty().then(|| {
            "no worker has recorded the steps of this process; its state comes from the search attributes".to_owned()
        });
        let closed_at = info.close_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos));
        Some(Self { run_id: execution.run_id.clone(), is_running, view, steps_missing, started_at, closed_at, pending })
    }

    /// Returns the id of the failure or refused completion that waits for an acknowledgement.
    #[must_use]
    pub fn to_acknowledge(&self) -> Option<&str> {
        if !self.is_running || self.view.acknowledgement.is_some() {
            return None;
        }
        let failed = self.view.state == VoidingState::MarkingDocumentAsVoidedFailed;
        let failure = self.view.failure.as_ref().filter(|_| failed).map(|failure| failure.failure_id.as_str());
        let completion = self.refused().filter(|incident| incident.command == COMPLETE);
        failure.or_else(|| completion.map(|incident| incident.failure_id.as_str()))
    }

    /// Returns the id of the refused command that may be retried: the completion, or a command that follows an
    /// acknowledgement.
    #[must_use]
    pub fn to_retry(&self) -> Option<&str> {
        self.refused().filter(|_| self.is_running).map(|incident| incident.failure_id.as_str())
    }

    /// Returns the refused command. An incident without a code is a stalled command; it clears when the command
    /// succeeds.
    fn refused(&self) -> Option<&Incident> {
        self.view.incident.as_ref().filter(|incident| incident.code.is_some())
    }
}

/// Returns the only step of a run whose first workflow task is not done: its start.
fn first_step(state: VoidingState, at: DateTime<Utc>) -> Vec<Step> {
    let is_first = state == VoidingState::VoidingRequested;
    is_first.then_some(Step { state, at }).into_iter().collect()
}

fn attribute<T: std::str::FromStr>(info: &WorkflowExecutionInfo, name: &str) -> Option<T> {
    let payload = info.search_attributes.as_ref()?.indexed_fields.get(name)?;
    decode::<String>(payload)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::{
        coresdk::AsJsonPayloadExt,
        temporal::api::common::v1::{Memo, SearchAttributes, WorkflowExecution, WorkflowType},
    };

    use super::*;

    /// Returns a run as Temporal describes it, started at 1970-01-01T00:00:10Z.
    fn info(status: WorkflowExecutionStatus, attributes: &[(&str, &str)]) -> WorkflowExecutionInfo {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_json_payload().unwrap());
        let execution = WorkflowExecution { workflow_id: "voiding-d-1".to_owned(), run_id: "r-1".to_owned() };
        let mut info = WorkflowExecutionInfo {
            execution: Some(execution),
            r#type: Some(WorkflowType { name: "DocumentVoiding".to_owned() }),
            search_attributes: Some(SearchAttributes { indexed_fields: attributes.iter().map(field).collect() }),
            ..WorkflowExecutionInfo::default()
        };
        info.start_time.get_or_insert_default().seconds = 10;
        info.set_status(status);
        info
    }

    fn read(info: &WorkflowExecutionInfo) -> Option<Run> {
        Run::read(info, Vec::new())
    }

    fn with_memo(mut info: WorkflowExecutionInfo, memo: &serde_json::Value) -> WorkflowExecutionInfo {
        let payload = memo.as_json_payload().unwrap();
        info.memo = Some(Memo { fields: [("state".to_owned(), payload)].into() });
        info
    }

    fn memo(state: &str) -> serde_json::Value {
        serde_json::json!({
            "state": state, "process_id": "p-1", "document_id": "d-1", "customer_id": "c-1",
            "steps": [{"state": "voiding-requested", "at": "2026-01-01T00:00:00Z"}],
        })
    }

    const RUNNING: WorkflowExecutionStatus = WorkflowExecutionStatus::Running;
    const FAILED: WorkflowExecutionStatus = WorkflowExecutionStatus::Failed;
    const REQUESTED: (&str, &str) = ("VoidingState", "voiding-requested");

    #[test]
    fn before_the_first_workflow_task_the_search_attributes_of_the_start_speak() {
        let attributes = [REQUESTED, ("ProcessId", "p-1"), ("CustomerId", "c-1")];
        let run = read(&info(RUNNING, &attributes)).unwrap();
        assert_eq!(run.view.process_id, Some("p-1".parse().unwrap()));
        assert_eq!(run.view.customer_id, Some("c-1".parse().unwrap()));
        assert_eq!(run.view.steps, [Step { state: VoidingState::VoidingRequested, at: run.started_at }]);
        assert_eq!(run.steps_missing, None);
    }

    #[test]
    fn a_run_that_an_operator_has_just_started_is_requested() {
        let run = read(&info(RUNNING, &[])).unwrap();
        assert_eq!(run.view.state, VoidingState::VoidingRequested);
        assert_eq!((run.view.document_id.as_str(), run.view.process_id), ("d-1", None));
    }

    #[test]
    fn the_memo_says_it_all_unless_it_is_no_view_of_this_document() {
        let attributes = [("VoidingState", "marking-document-as-voided-succeeded")];
        let state = "marking-document-as-voided-succeeded";
        let run = read(&with_memo(info(RUNNING, &attributes), &memo(state))).unwrap();
        assert_eq!((run.view.steps.len(), run.view.process_id), (1, Some("p-1".parse().unwrap())));

        let mut foreign = memo(state);
        foreign["document_id"] = "d-2".into();
        for forged in [foreign, serde_json::json!("x"), serde_json::json!({})] {
            let run = read(&with_memo(info(RUNNING, &attributes), &forged)).unwrap();
            assert_eq!(run.view.state, VoidingState::MarkingDocumentAsVoidedSucceeded);
            assert!(run.view.steps.is_empty() && run.steps_missing.is_some(), "{forged}");
        }
    }

    #[test]
    fn runs_that_void_nothing_are_passed_over() {
        assert_eq!(read(&info(FAILED, &[("ProcessId", "p-1")])), None);
        assert_eq!(read(&info(FAILED, &[REQUESTED])), None);
        assert!(read(&info(FAILED, &[REQUESTED, ("ProcessId", "p-1")])).is_some());
        let mut other_type = info(RUNNING, &[REQUESTED]);
        other_type.r#type = Some(WorkflowType { name: "Other".to_owned() });
        assert_eq!(read(&other_type), None);
        let mut other_id = info(RUNNING, &[REQUESTED]);
        other_id.execution = Some(WorkflowExecution { workflow_id: "d-1".to_owned(), run_id: "r".to_owned() });
        assert_eq!(read(&other_id), None);
        let continued = info(WorkflowExecutionStatus::ContinuedAsNew, &[REQUESTED, ("ProcessId", "p-1")]);
        assert_eq!(read(&continued), None);
    }

    #[test]
    fn a_failure_can_be_acknowledged_once_and_only_while_the_process_runs() {
        let state = "marking-document-as-voided-failed";
        let mut view = memo(state);
        view["failure"] =
            serde_json::json!({"failure_id": "p-1/1", "code": "c", "detail": "", "at": "2026-01-01T00:00:00Z"});
        let attributes = [("VoidingState", state)];
        let run = read(&with_memo(info(RUNNING, &attributes), &view)).unwrap();
        assert_eq!((run.to_acknowledge(), run.to_retry()), (Some("p-1/1"), None));
        let ended = read(&with_memo(info(FAILED, &attributes), &view)).unwrap();
        assert_eq!(ended.to_acknowledge(), None);
        view["acknowledgement"] = serde_json::json!({"at": "2026-01-01T00:00:00Z"});
        let closing = read(&with_memo(info(RUNNING, &attributes), &view)).unwrap();
        assert_eq!(closing.to_acknowledge(), None);
    }

    #[test]
    fn a_refused_command_can_be_retried_and_a_refused_completion_acknowledged_too() {
        let attributes = [("VoidingState", "marking-document-as-voided-succeeded")];
        let of = |command: &str, code: Option<&str>| {
            let mut view = memo("marking-document-as-voided-succeeded");
            view["incident"] = serde_json::json!({
                "failure_id": "p-1/2", "command": command, "code": code, "detail": "", "since": "2026-01-01T00:00:00Z"
            });
            let run = read(&with_memo(info(RUNNING, &attributes), &view)).unwrap();
            (run.to_acknowledge().map(str::to_owned), run.to_retry().map(str::to_owned))
        };
        let id = Some("p-1/2".to_owned());
        assert_eq!(of("CompleteDocumentVoiding", Some("locked")), (id.clone(), id.clone()));
        assert_eq!(of("CompleteDocumentVoiding", None), (None, None));
        assert_eq!(of("UnmarkDocumentAsVoided", Some("locked")), (None, id));
    }
}
