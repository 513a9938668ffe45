//! Instances of process managers, as `describe`, the visibility store and their query `state` show them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use process_manager::instance::{InstanceView, Published};
use process_manager_engine::publish::MEMO;
use serde::Serialize;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::Code};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    enums::v1::WorkflowExecutionStatus,
    query::v1::WorkflowQuery,
    workflow::v1::WorkflowExecutionInfo,
    workflowservice::v1::{DescribeWorkflowExecutionRequest, ListWorkflowExecutionsRequest, QueryWorkflowRequest},
};

use super::{
    PendingCommand, Temporal, TemporalError, bounded,
    run::{memo, time},
    within,
};

/// A worker answers a query in milliseconds; where none does, what Temporal knows by itself has to do.
const QUERY_WITHIN: Duration = Duration::from_secs(1);

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It gets on.
    InProgress,
    /// It has failed, and waits for a person.
    Parked,
    /// A command does not get through.
    Delayed,
    /// Its process manager has stopped it.
    Done,
    /// A person acknowledged its failure.
    GivenUp,
    /// Its input was of no use; events never start such a run.
    NeverBegan,
    /// Somebody terminated or cancelled it.
    EndedFromOutside,
}

/// One run of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Temporal's id of the run.
    pub(crate) run_id: String,
    /// Id of the process; whatever the events say.
    pub(crate) process_id: String,
    pub(crate) standing: Standing,
    /// What is wrong with it; nothing once it has ended.
    pub(crate) published: Published,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
}

/// The latest run of an instance, and what it waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InspectedInstance {
    pub(crate) instance: Instance,
    /// Commands that are being retried.
    pub(crate) pending: Vec<PendingCommand>,
    /// What it says of itself, while it runs and a worker answers.
    pub(crate) view: Option<InstanceView>,
}

/// A page of instances, and where the next one begins (empty: nowhere).
#[derive(Debug, Default)]
pub(crate) struct Instances {
    pub(crate) instances: Vec<Instance>,
    pub(crate) next: Vec<u8>,
}

impl Instance {
    /// `None` where this is no run of the process manager.
    fn read(manager: &str, info: &WorkflowExecutionInfo) -> Option<Self> {
        let execution = info.execution.as_ref()?;
        let process_id = execution.workflow_id.strip_prefix(manager)?.strip_prefix('-')?.to_owned();
        if info.r#type.as_ref().is_none_or(|kind| kind.name != manager) {
            return None;
        }
        let memo = memo::<Published>(info, MEMO);
        let standing = Standing::of(info.status(), memo.as_ref());
        Some(Self {
            run_id: execution.run_id.clone(),
            process_id,
            standing,
            published: memo.filter(|_| standing.is_running()).unwrap_or_default(),
            started_at: info.start_time.as_ref().and_then(|at| time(at.seconds, at.nanos))?,
            closed_at: info.close_time.as_ref().and_then(|at| time(at.seconds, at.nanos)),
        })
    }

    /// What it says of itself is at least as new as what it has published.
    fn says(&mut self, view: &InstanceView) {
        self.published = Published { failure: view.failure.clone(), overdue: view.overdue.clone() };
        self.standing = Standing::of(WorkflowExecutionStatus::Running, Some(&self.published));
    }

    /// Since when it stands where it stands.
    pub(crate) fn since(&self) -> DateTime<Utc> {
        let parked = self.published.failure.as_ref().map(|failure| failure.at);
        let delayed = self.published.overdue.as_ref().map(|overdue| overdue.since);
        self.closed_at.or(parked).or(delayed).unwrap_or(self.started_at)
    }

    /// Id of the failure that waits for a person.
    pub(crate) fn failure_id(&self) -> Option<&str> {
        self.published.failure.as_ref().map(|failure| failure.failure_id.as_str())
    }
}

impl Standing {
    fn of(status: WorkflowExecutionStatus, published: Option<&Published>) -> Self {
        match status {
            WorkflowExecutionStatus::Completed => Self::Done,
            // Who was never parked cannot have been given up.
            WorkflowExecutionStatus::Failed if published.is_none() => Self::NeverBegan,
            WorkflowExecutionStatus::Failed => Self::GivenUp,
            WorkflowExecutionStatus::Canceled
            | WorkflowExecutionStatus::Terminated
            | WorkflowExecutionStatus::TimedOut => Self::EndedFromOutside,
            _ => match published {
                Some(Published { failure: Some(_), .. }) => Self::Parked,
                Some(Published { overdue: Some(_), .. }) => Self::Delayed,
                _ => Self::InProgress,
            },
        }
    }

    pub(crate) fn is_running(self) -> bool {
        matches!(self, Self::InProgress | Self::Parked | Self::Delayed)
    }
}

impl Temporal {
    /// A page of a process manager's instances that a visibility query finds, at most `size` of them.
    pub(crate) async fn instances(
        &self,
        manager: &str,
        query: String,
        size: usize,
        from: Vec<u8>,
    ) -> Result<Instances, TemporalError> {
        let mut client = self.client()?;
        let request = ListWorkflowExecutionsRequest {
            namespace: client.namespace(),
            page_size: i32::try_from(size).unwrap_or(i32::MAX),
            next_page_token: from,
            query,
        };
        let answer = within(client.list_workflow_executions(bounded(request))).await?;
        let instances = answer.executions.iter().filter_map(|info| Instance::read(manager, info)).collect();
        Ok(Instances { instances, next: answer.next_page_token })
    }

    /// The latest run of an instance, from Temporal alone.
    async fn instance(&self, manager: &str, id: &str) -> Result<Option<InspectedInstance>, TemporalError> {
        let mut client = self.client()?;
        let request = DescribeWorkflowExecutionRequest {
            namespace: client.namespace(),
            execution: Some(instance_execution(manager, id)),
        };
        let answer = match within(client.describe_workflow_execution(bounded(request))).await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some(Code::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let pending = answer.pending_activities.iter().map(PendingCommand::read).collect();
        let instance = answer.workflow_execution_info.as_ref().and_then(|info| Instance::read(manager, info));
        Ok(instance.map(|instance| InspectedInstance { instance, pending, view: None }))
    }

    /// The latest run of an instance, with what that says of itself.
    pub(crate) async fn inspect_instance(
        &self,
        manager: &str,
        id: &str,
    ) -> Result<Option<InspectedInstance>, TemporalError> {
        let mut inspected = self.instance(manager, id).await?;
        if let Some(inspected) = inspected.as_mut().filter(|it| it.instance.standing.is_running()) {
            inspected.view = self.view_of_instance(manager, id).await;
            if let Some(view) = &inspected.view {
                inspected.instance.says(view);
            }
        }
        Ok(inspected)
    }

    /// Sends a signal to an instance. `Ok(false)`: none is running.
    pub(crate) async fn signal_instance(
        &self,
        manager: &str,
        id: &str,
        name: &str,
        payload: &(impl Serialize + Sync),
    ) -> Result<bool, TemporalError> {
        self.signal_run(instance_execution(manager, id), name, payload).await
    }

    /// `None` where no worker answers in time, or the worker that does cannot run the instance.
    async fn view_of_instance(&self, manager: &str, id: &str) -> Option<InstanceView> {
        let mut client = self.client().ok()?;
        let mut request = bounded(QueryWorkflowRequest {
            namespace: client.namespace(),
            execution: Some(instance_execution(manager, id)),
            query: Some(WorkflowQuery { query_type: "state".to_owned(), ..WorkflowQuery::default() }),
            ..QueryWorkflowRequest::default()
        });
        request.set_timeout(QUERY_WITHIN);
        let answer = tokio::time::timeout(QUERY_WITHIN, client.query_workflow(request)).await.ok()?;
        let payloads = answer.ok()?.into_inner().query_result?.payloads;
        serde_json::from_slice(&payloads.first()?.data).ok()
    }
}

/// Id of an instance's workflow.
pub(crate) fn instance_workflow_id(manager: &str, id: &str) -> String {
    format!("{manager}-{id}")
}

pub(super) fn instance_execution(manager: &str, id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: instance_workflow_id(manager, id), run_id: String::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::{
        coresdk::AsJsonPayloadExt,
        temporal::api::common::v1::{Memo, WorkflowType},
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
    fn status_and_memo_tell_where_an_instance_stands() {
        use WorkflowExecutionStatus::{Canceled, Completed, Failed, Running, Terminated};
        let overdue = json!({"overdue": {"command": "Buy", "detail": "d", "since": "2026-01-01T00:00:00Z"}});
        for (status, memo, standing) in [
            (Running, None, Standing::InProgress),
            (Running, Some(json!({})), Standing::InProgress),
            (Running, Some(json!("forged")), Standing::InProgress),
            (Running, Some(failure()), Standing::Parked),
            (Running, Some(overdue), Standing::Delayed),
            (Completed, None, Standing::Done),
            (Failed, Some(json!({})), Standing::GivenUp),
            (Failed, None, Standing::NeverBegan),
            (Terminated, Some(failure()), Standing::EndedFromOutside),
            (Canceled, None, Standing::EndedFromOutside),
        ] {
            let read = Instance::read("Sell", &info(status, memo.clone())).unwrap();
            assert_eq!(read.standing, standing, "{status:?} {memo:?}");
            assert_eq!(read.process_id, "a/b-1");
            assert_eq!(read.failure_id().is_some(), standing == Standing::Parked);
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
