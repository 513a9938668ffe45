//! Starts the run that continues one that was ended from outside.

use process_manager::{instance::Published, manager::ProcessManager};
use process_manager_engine::{
    instance::{Begin, workflow_id},
    publish::{INCIDENT, MEMO, NEEDS_ATTENTION, PROCESS_ID, SUBJECT},
};
use serde::Serialize;
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::Code};
use temporalio_common::{
    protos::temporal::api::{
        common::v1::{Memo, Payload, Payloads, WorkflowType},
        enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy},
        sdk::v1::UserMetadata,
        taskqueue::v1::TaskQueue,
        workflowservice::v1::StartWorkflowExecutionRequest,
    },
    search_attributes::SearchAttributes,
};

use super::EndedError;
use crate::operator::{OperatorError, bounded, json, within};

/// The next run of a workflow.
pub(super) struct Next {
    pub(super) workflow_id: String,
    pub(super) workflow_type: &'static str,
    pub(super) process_id: String,
    pub(super) summary: String,
    pub(super) input: Payload,
    /// What the previous run would have published.
    pub(super) published: Option<Payload>,
    /// What the attention is about.
    pub(super) subject: Option<String>,
    /// The previous run.
    pub(super) after: String,
}

/// Starts the next run of an instance; returns `false` if one is running.
pub(super) async fn instance<M: ProcessManager>(
    client: &Client,
    task_queue: &str,
    id: &str,
    begin: &Begin,
) -> Result<bool, EndedError> {
    let published = begin.published::<M>();
    let next = Next {
        workflow_id: workflow_id::<M>(id),
        workflow_type: M::NAME,
        process_id: id.to_owned(),
        summary: format!("{} {id}", M::NAME),
        input: payload(begin)?,
        subject: published.as_ref().and_then(Published::subject).map(ToOwned::to_owned),
        published: published.map(|published| payload(&published)).transpose()?,
        after: begin.ended.as_ref().map(|ended| ended.run_id.clone()).unwrap_or_default(),
    };
    start(client, task_queue, next).await
}

/// Starts the run; returns `false` if one is running. It is listed as an incident from the start, whatever happens to
/// its first workflow task.
pub(super) async fn start(client: &Client, task_queue: &str, next: Next) -> Result<bool, EndedError> {
    let mut client = client.clone();
    let subject = next.subject.map(|subject| SUBJECT.value_set(subject));
    let attributes = [PROCESS_ID.value_set(next.process_id), INCIDENT.value_set(true), NEEDS_ATTENTION.value_set(true)];
    let request = StartWorkflowExecutionRequest {
        namespace: client.namespace(),
        identity: client.identity(),
        // By this id the server recognises the same start, whoever makes it, even if that run has ended since.
        request_id: format!("after-{}", next.after),
        workflow_id: next.workflow_id,
        workflow_type: Some(WorkflowType { name: next.workflow_type.to_owned() }),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![next.input] }),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::Fail.into(),
        workflow_id_reuse_policy: WorkflowIdReusePolicy::AllowDuplicate.into(),
        search_attributes: Some(SearchAttributes::new(attributes.into_iter().chain(subject)).into_proto()),
        memo: next.published.map(|published| Memo { fields: [(MEMO.to_owned(), published)].into() }),
        user_metadata: Some(UserMetadata { summary: Some(payload(&next.summary)?), details: None }),
        ..StartWorkflowExecutionRequest::default()
    };
    match within(client.start_workflow_execution(bounded(request))).await? {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::AlreadyExists => Ok(false),
        Err(status) => Err(OperatorError::of(status).into()),
    }
}

pub(super) fn payload(value: &impl Serialize) -> Result<Payload, EndedError> {
    Ok(json(value).map_err(OperatorError::from)?)
}
