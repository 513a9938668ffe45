//! What the console asks of Temporal beyond the REST routes: counts, and the commands that have not got through yet.

use chrono::{DateTime, Utc};
use messages::DocumentId;
use temporalio_client::{NamespacedClient, grpc::WorkflowService, tonic::Code};
use temporalio_common::protos::temporal::api::{
    failure::v1::Failure,
    workflow::v1::PendingActivityInfo,
    workflowservice::v1::{CountWorkflowExecutionsRequest, DescribeWorkflowExecutionRequest},
};

use super::{Run, Temporal, TemporalError, bounded, execution, run::time, within};

/// A run, and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inspected {
    pub(crate) run: Run,
    /// Commands that are being retried.
    pub(crate) pending: Vec<PendingCommand>,
}

/// A command that has faulted at least once and is retried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PendingCommand {
    /// Its name, such as `MarkDocumentAsVoided`.
    pub(crate) name: String,
    /// The attempt that runs or comes next; the local one that went before is not counted.
    pub(crate) attempt: i32,
    /// What the last attempt said.
    pub(crate) last_error: Option<String>,
    /// When the next attempt begins, where none runs.
    pub(crate) next_attempt: Option<DateTime<Utc>>,
}

impl Temporal {
    /// How many runs a visibility query finds.
    pub(crate) async fn count(&self, query: String) -> Result<i64, TemporalError> {
        let mut client = self.client()?;
        let request = CountWorkflowExecutionsRequest { namespace: client.namespace(), query };
        Ok(within(client.count_workflow_executions(bounded(request))).await?.count)
    }

    /// The latest run of the document's workflow with the commands that it retries.
    pub(crate) async fn inspect(&self, document_id: &DocumentId) -> Result<Option<Inspected>, TemporalError> {
        let mut client = self.client()?;
        let request =
            DescribeWorkflowExecutionRequest { namespace: client.namespace(), execution: Some(execution(document_id)) };
        let answer = match within(client.describe_workflow_execution(bounded(request))).await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some(Code::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let pending = answer.pending_activities.iter().map(PendingCommand::read).collect();
        Ok(answer.workflow_execution_info.as_ref().and_then(Run::read).map(|run| Inspected { run, pending }))
    }
}

impl PendingCommand {
    pub(super) fn read(info: &PendingActivityInfo) -> Self {
        Self {
            name: info.activity_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default(),
            attempt: info.attempt,
            last_error: info.last_failure.as_ref().map(innermost),
            next_attempt: info.next_attempt_schedule_time.as_ref().and_then(|at| time(at.seconds, at.nanos)),
        }
    }
}

/// The outer messages only say that an activity failed.
pub(super) fn innermost(failure: &Failure) -> String {
    failure.cause.as_ref().map_or_else(|| failure.message.clone(), |cause| innermost(cause))
}
