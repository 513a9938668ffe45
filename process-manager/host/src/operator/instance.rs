//! An instance of a process manager, combined from `describe`, the visibility store and its query `state`.

use chrono::{DateTime, Utc};
use process_manager::{
    instance::{InstanceView, ParkedFailure, Published, StalledCommand},
    manager::{Attention, Outcome},
};
use process_manager_engine::publish::MEMO;
use serde::de::DeserializeOwned;
use temporalio_common::protos::temporal::api::{
    enums::v1::WorkflowExecutionStatus, workflow::v1::WorkflowExecutionInfo,
};

use super::read::{PendingCommand, memo, timestamp};

/// The status of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstanceStatus {
    /// Running.
    Running,
    /// Failed, and waiting for an operator.
    Parked,
    /// Running, with a stalled command.
    Stalled,
    /// Stopped by its process manager; [`Instance::outcome`] says with which outcome.
    Done,
    /// Ended because an operator acknowledged its failure.
    GivenUp,
    /// Started by hand with an invalid input; events never start such a run.
    NeverBegan,
    /// Terminated, cancelled or timed out.
    Terminated,
}

/// The latest run of an instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Instance {
    /// Temporal's id of the run.
    pub run_id: String,
    /// The id of the process; it may have any characters.
    pub process_id: String,
    /// The status.
    pub status: InstanceStatus,
    /// The failure that waits for an operator.
    pub failure: Option<ParkedFailure>,
    /// Why an operator is needed although the instance goes on.
    pub attention: Option<Attention>,
    /// The stalled command.
    pub stalled: Option<StalledCommand>,
    /// The outcome that its process manager declared, once it has ended.
    pub outcome: Option<Outcome>,
    /// When the run began.
    pub started_at: DateTime<Utc>,
    /// When the run ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Commands in flight; empty in a list.
    pub pending: Vec<PendingCommand>,
    /// The answer of the query `state`; absent in a list, after the end, and while no worker answers.
    pub view: Option<InstanceView>,
}

impl Instance {
    /// Reads a run; returns `None` if it is not one of the process manager's.
    pub(super) fn read(manager: &str, info: &WorkflowExecutionInfo) -> Option<Self> {
        let execution = info.execution.as_ref()?;
        let process_id = execution.workflow_id.strip_prefix(manager)?.strip_prefix('-')?.to_owned();
        if info.r#type.as_ref().is_none_or(|kind| kind.name != manager) {
            return None;
        }
        let published = memo::<Published>(info, MEMO);
        let status = InstanceStatus::of(info.status(), published.as_ref());
        let outcome = published.as_ref().and_then(|published| published.outcome.clone());
        let published = published.filter(|_| status.is_running()).unwrap_or_default();
        Some(Self {
            run_id: execution.run_id.clone(),
            process_id,
            status,
            failure: published.failure,
            attention: published.attention,
            stalled: published.stalled,
            outcome: outcome.filter(|_| status == InstanceStatus::Done),
            started_at: info.start_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos))?,
            closed_at: info.close_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos)),
            pending: Vec::new(),
            view: None,
        })
    }

    /// Takes over the query's answer, which is at least as new as the memo.
    pub(super) fn refresh_from(&mut self, view: InstanceView) {
        let published = Published::from(view.clone());
        self.status = InstanceStatus::of(WorkflowExecutionStatus::Running, Some(&published));
        self.failure = published.failure;
        self.attention = published.attention;
        self.stalled = published.stalled;
        self.view = Some(view);
    }

    /// Returns when its status began.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        let parked = self.failure.as_ref().map(|failure| failure.at);
        let stalled = self.stalled.as_ref().map(|stalled| stalled.since);
        self.closed_at.or(parked).or(stalled).unwrap_or(self.started_at)
    }

    /// Returns the id of the failure that waits for an operator.
    #[must_use]
    pub fn failure_id(&self) -> Option<&str> {
        self.failure.as_ref().map(|failure| failure.failure_id.as_str())
    }

    /// Returns the process manager's state, if a worker has reported it and it is a `T`.
    #[must_use]
    pub fn state<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.view.as_ref()?.state.clone()).ok()
    }
}

impl InstanceStatus {
    fn of(status: WorkflowExecutionStatus, published: Option<&Published>) -> Self {
        match status {
            WorkflowExecutionStatus::Completed => Self::Done,
            // An instance that was never parked cannot have been given up.
            WorkflowExecutionStatus::Failed if published.is_none() => Self::NeverBegan,
            WorkflowExecutionStatus::Failed => Self::GivenUp,
            WorkflowExecutionStatus::Canceled
            | WorkflowExecutionStatus::Terminated
            | WorkflowExecutionStatus::TimedOut => Self::Terminated,
            _ => match published {
                Some(Published { failure: Some(_), .. }) => Self::Parked,
                Some(Published { stalled: Some(_), .. }) => Self::Stalled,
                _ => Self::Running,
            },
        }
    }

    /// Returns whether the instance has not ended.
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Parked | Self::Stalled)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::{
        coresdk::AsJsonPayloadExt,
        temporal::api::common::v1::{Memo, WorkflowExecution, WorkflowType},
    };

    use super::*;

    fn info(status: WorkflowExecutionStatus, memo: Option<serde_json::Value>) -> WorkflowExecutionInfo {
        let execution = WorkflowExecution { workflow_id: "Sell-a/b-1".to_owned(), run_id: "r-1".to_owned() };
        let mut info = WorkflowExecutionInfo {
            execution: Some(execution),
            r#type: Some(WorkflowType { name: "Sell".to_owned() }),
            memo: memo.map(|memo| Memo { fields: [("state".to_owned(), memo.as_json_payload().unwrap())].into() }),
            ..WorkflowExecutionInfo::default()
        };
        info.start_time.get_or_insert_default().seconds = 10;
        info.set_status(status);
        info
    }

    fn failure() -> serde_json::Value {
        json!({"failure": {
            "failure_id": "a/b-1/1", "code": "handle-failed", "detail": "d", "event": "Sold", "position": 3, "attempts": 1,
            "at": "2026-01-01T00:00:00Z",
        }})
    }

    #[test]
    fn status_and_memo_tell_the_status_of_an_instance() {
        use WorkflowExecutionStatus::{Canceled, Completed, Failed, Running, Terminated};
        let stalled = json!({"overdue": {"command": "Buy", "detail": "d", "since": "2026-01-01T00:00:00Z"}});
        for (status, memo, expected) in [
            (Running, None, InstanceStatus::Running),
            (Running, Some(json!({})), InstanceStatus::Running),
            (Running, Some(json!("forged")), InstanceStatus::Running),
            (Running, Some(failure()), InstanceStatus::Parked),
            (Running, Some(stalled), InstanceStatus::Stalled),
            (Completed, None, InstanceStatus::Done),
            (Failed, Some(json!({})), InstanceStatus::GivenUp),
            (Failed, None, InstanceStatus::NeverBegan),
            (Terminated, Some(failure()), InstanceStatus::Terminated),
            (Canceled, None, InstanceStatus::Terminated),
        ] {
            let read = Instance::read("Sell", &info(status, memo.clone())).unwrap();
            assert_eq!(read.status, expected, "{status:?} {memo:?}");
            assert_eq!(read.process_id, "a/b-1");
            assert_eq!(read.failure_id().is_some(), expected == InstanceStatus::Parked);
        }
    }

    #[test]
    fn other_workflows_are_no_instances() {
        assert_eq!(Instance::read("Buy", &info(WorkflowExecutionStatus::Running, None)), None);
        let mut other = info(WorkflowExecutionStatus::Running, None);
        other.r#type = Some(WorkflowType { name: "Sell-a".to_owned() });
        assert_eq!(Instance::read("Sell", &other), None);
    }
}
