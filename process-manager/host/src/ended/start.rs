//! Starts the run that continues an ended one.

use process_manager::{instance::Published, manager::ProcessManager};
use process_manager_engine::{
    instance::{Begin, workflow_id},
    publish::{INCIDENT, MEMO, NEEDS_ATTENTION, PROCESS_ID, SUBJECT},
};
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::Code};
use temporalio_common::{
    protos::temporal::api::{
        common::v1::{Memo, Payloads, WorkflowType},
        enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy},
        sdk::v1::UserMetadata,
        taskqueue::v1::TaskQueue,
        workflowservice::v1::StartWorkflowExecutionRequest,
    },
    search_attributes::SearchAttributes,
};

use super::EndedError;
use crate::operator::{OperatorError, bounded, json, within};

/// Starts the run; `false` where one runs. It is listed as an incident from the start, whatever becomes of its first
/// workflow task.
pub(super) async fn start<M: ProcessManager>(
    client: &Client,
    task_queue: &str,
    id: &str,
    begin: &Begin,
) -> Result<bool, EndedError> {
    let mut client = client.clone();
    let encoding = OperatorError::from;
    let published = begin.published::<M>();
    let subject = published.as_ref().and_then(Published::subject).map(|subject| SUBJECT.value_set(subject.to_owned()));
    let published = published.map(|published| json(&published)).transpose().map_err(encoding)?;
    let attributes = [PROCESS_ID.value_set(id.to_owned()), INCIDENT.value_set(true), NEEDS_ATTENTION.value_set(true)];
    let attributes = attributes.into_iter().chain(subject);
    let ended = begin.ended.as_ref().map(|ended| ended.run_id.as_str()).unwrap_or_default();
    let request = StartWorkflowExecutionRequest {
        namespace: client.namespace(),
        identity: client.identity(),
        // By this id the server knows it for the same start, whoever makes it, even when that run has ended since.
        request_id: format!("after-{ended}"),
        workflow_id: workflow_id::<M>(id),
        workflow_type: Some(WorkflowType { name: M::NAME.to_owned() }),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![json(begin).map_err(encoding)?] }),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::Fail.into(),
        workflow_id_reuse_policy: WorkflowIdReusePolicy::AllowDuplicate.into(),
        search_attributes: Some(SearchAttributes::new(attributes).into_proto()),
        memo: published.map(|published| Memo { fields: [(MEMO.to_owned(), published)].into() }),
        user_metadata: Some(UserMetadata {
            summary: Some(json(&format!("{} {id}", M::NAME)).map_err(encoding)?),
            details: None,
        }),
        ..StartWorkflowExecutionRequest::default()
    };
    match within(client.start_workflow_execution(bounded(request))).await? {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::AlreadyExists => Ok(false),
        Err(status) => Err(OperatorError::of(status).into()),
    }
}
