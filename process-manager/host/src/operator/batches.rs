//! Batches, as operators see and control them.

use chrono::Utc;
use process_manager::batch::{Advance, FailedItem, LimitsChange, Progress, StartBatch};
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::{
    enums::v1::WorkflowExecutionStatus, workflow::v1::WorkflowExecutionInfo,
};

use super::{Listed, OperatorError, Workflows, decode, memo};
use crate::{
    batch::start_batch,
    start::{StartError, Started},
};
use process_manager_engine::{batch::WORKFLOW_TYPE, publish::MEMO};

/// Starts, reads and controls batches. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Batches {
    workflows: Workflows,
}

/// A batch.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchRun {
    /// The id of its workflow.
    pub workflow_id: String,
    /// Temporal's id of the latest run.
    pub run_id: String,
    /// Whether it runs.
    pub is_running: bool,
    /// Whether it begins no more commands while some are in flight: it is about to pause, or its limits are changing.
    pub is_draining: bool,
    /// Its progress, including the current chunk; `None` in the moment before it has begun.
    pub progress: Option<Progress>,
}

impl Batches {
    pub(super) fn new(workflows: Workflows) -> Self {
        Self { workflows }
    }

    /// Starts a batch on a worker's task queue, unless one with its id runs or has completed.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(&self, start: &StartBatch, task_queue: &str) -> Result<Started, StartError> {
        let client = self.workflows.client().map_err(|_| StartError::NoAnswer)?;
        start_batch(&client, task_queue, start).await
    }

    /// Reads a batch by the id of its workflow; returns `None` if there never was one.
    ///
    /// # Errors
    /// Temporal is unavailable.
    pub async fn read(&self, workflow_id: &str) -> Result<Option<BatchRun>, OperatorError> {
        let Some(described) = self.workflows.describe(workflow_id).await? else { return Ok(None) };
        let Some(mut batch) = read(&described.info) else { return Ok(None) };
        let at_hand = described.heartbeat.as_ref().and_then(decode::<Advance>);
        if let (Some(progress), Some(at_hand)) = (&mut batch.progress, at_hand) {
            progress.add(&at_hand);
            progress.expect_end(Utc::now());
            batch.is_draining = at_hand.is_draining;
        }
        if let Some(progress) = &mut batch.progress {
            // A chunk that cannot even begin has reported nothing.
            let last_error = described.pending.iter().find_map(|pending| pending.last_error.clone());
            progress.fault = progress.fault.take().or(last_error).filter(|_| batch.is_running);
        }
        Ok(Some(batch))
    }

    /// Lists a page of batches, running before ended and newest first: all, only running ones, or only ended ones.
    ///
    /// # Errors
    /// Temporal is unavailable, or rejects the token.
    pub async fn list(
        &self,
        is_running: Option<bool>,
        size: usize,
        from: Vec<u8>,
    ) -> Result<Listed<BatchRun>, OperatorError> {
        let status = match is_running {
            Some(true) => "ExecutionStatus = 'Running'",
            Some(false) => "ExecutionStatus != 'ContinuedAsNew' AND ExecutionStatus != 'Running'",
            None => "ExecutionStatus != 'ContinuedAsNew'",
        };
        let query = format!("WorkflowType = '{WORKFLOW_TYPE}' AND {status}");
        let page = self.workflows.list(&query, size, from).await?;
        let next = self.workflows.where_more_follow(&query, page.next).await?;
        Ok(Listed { items: page.items.iter().filter_map(read).collect(), next })
    }

    /// Returns a page of a batch's failed items: those of a page that is kept elsewhere ([`Progress::kept_pages`]), or
    /// those that are not kept elsewhere. Needs a worker.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`] if there is no such batch, or it has no such page; [`OperatorError::NoAnswer`] if no
    /// worker answers; Temporal is unavailable.
    pub async fn failed(&self, workflow_id: &str, page: Option<u32>) -> Result<Vec<FailedItem>, OperatorError> {
        let batch = self.read(workflow_id).await?.ok_or_else(|| OperatorError::NotFound(workflow_id.to_owned()))?;
        let id = match (page, &batch.progress) {
            (None, _) => workflow_id.to_owned(),
            (Some(page), Some(progress)) if progress.kept_pages.contains(&page) => progress.id_of_page(page),
            (Some(_), _) => return Err(OperatorError::NotFound(workflow_id.to_owned())),
        };
        self.workflows.query(&id, "failed").await?.ok_or(OperatorError::NoAnswer)
    }

    /// Begins no new commands until the batch is resumed. Commands in flight finish.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`], [`OperatorError::NotRunning`] and [`OperatorError::Closing`] if it does not run;
    /// Temporal is unavailable. The other signals have the same errors.
    pub async fn pause(&self, workflow_id: &str) -> Result<(), OperatorError> {
        self.signal(workflow_id, "pause", &json!({})).await
    }

    /// Goes on after a pause.
    ///
    /// # Errors
    /// Same as [`Self::pause`].
    pub async fn resume(&self, workflow_id: &str) -> Result<(), OperatorError> {
        self.signal(workflow_id, "resume", &json!({})).await
    }

    /// Sends failed items again, under the same idempotency keys.
    ///
    /// # Errors
    /// Same as [`Self::pause`], and [`OperatorError::NoSuchFailure`] if nothing has failed.
    pub async fn retry(&self, workflow_id: &str) -> Result<(), OperatorError> {
        let batch = self.read(workflow_id).await?.ok_or_else(|| OperatorError::NotFound(workflow_id.to_owned()))?;
        if !batch.is_running {
            return Err(OperatorError::NotRunning(workflow_id.to_owned()));
        }
        if batch.progress.is_none_or(|progress| progress.failed == 0) {
            return Err(OperatorError::NoSuchFailure(workflow_id.to_owned()));
        }
        self.signal(workflow_id, "retry", &json!({})).await
    }

    /// Changes the limits. Limits that no batch can have are ignored, with a line in the worker's log; see
    /// [`Limits::changed`](process_manager::batch::Limits::changed).
    ///
    /// # Errors
    /// Same as [`Self::pause`].
    pub async fn limits(&self, workflow_id: &str, change: &LimitsChange) -> Result<(), OperatorError> {
        self.signal(workflow_id, "limits", &serde_json::to_value(change)?).await
    }

    /// Ends the batch. With `undo`, it first undoes what was done, if the batch says how.
    ///
    /// # Errors
    /// Same as [`Self::pause`].
    pub async fn cancel(&self, workflow_id: &str, undo: bool) -> Result<(), OperatorError> {
        self.signal(workflow_id, "cancel", &json!({"undo": undo})).await
    }

    async fn signal(&self, workflow_id: &str, name: &str, payload: &Value) -> Result<(), OperatorError> {
        self.workflows.signal(workflow_id, name, payload).await
    }
}

fn read(info: &WorkflowExecutionInfo) -> Option<BatchRun> {
    let execution = info.execution.as_ref()?;
    (info.r#type.as_ref()?.name == WORKFLOW_TYPE).then(|| BatchRun {
        workflow_id: execution.workflow_id.clone(),
        run_id: execution.run_id.clone(),
        is_running: info.status() == WorkflowExecutionStatus::Running,
        is_draining: false,
        progress: memo(info, MEMO),
    })
}
