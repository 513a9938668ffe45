//! Downloads the histories of open instances.

use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};
use temporalio_client::{
    Client, NamespacedClient, WorkflowExecutionInfo, WorkflowFetchHistoryOptions, WorkflowHistoryError,
    errors::WorkflowInteractionError,
};

use super::{UpgradeCheck, UpgradeError, files};
use crate::{connect::bounded_rpc, operator::Workflows};

/// How many runs are listed at once.
const PAGE: usize = 500;
/// How many histories are downloaded at a time.
const AT_A_TIME: usize = 8;

/// What was downloaded for a workflow type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The workflow type; for a process manager, its name.
    pub workflow_type: String,
    /// How many histories were written.
    pub histories: usize,
    /// How many runs were open.
    pub open: usize,
}

impl UpgradeCheck {
    /// Writes the histories of open runs into a new folder, one file each: for each workflow type at most this many,
    /// spread evenly over their age. Only a page of the list and a few histories are in memory at a time.
    ///
    /// # Errors
    /// [`UpgradeError::NotEmpty`] if the folder has files; [`UpgradeError::Temporal`] or [`UpgradeError::History`] if
    /// Temporal is unavailable or rejects a request; [`UpgradeError::File`] if a file cannot be written.
    pub async fn download(
        &self,
        client: &Client,
        folder: impl AsRef<Path>,
        most: usize,
    ) -> Result<Vec<Downloaded>, UpgradeError> {
        let folder = folder.as_ref();
        files::create(folder)?;
        let mut downloaded = Vec::with_capacity(self.known.len());
        for known in &self.known {
            downloaded.push(of_type(client, known.workflow_type, folder, most).await?);
        }
        Ok(downloaded)
    }
}

async fn of_type(client: &Client, workflow_type: &str, folder: &Path, most: usize) -> Result<Downloaded, UpgradeError> {
    let workflows = Workflows::new(client.clone());
    let query = format!("WorkflowType = '{workflow_type}' AND ExecutionStatus = 'Running'");
    let open = usize::try_from(workflows.count(&query).await?).unwrap_or_default();
    let every = open.div_ceil(most.max(1)).max(1);
    let mut it = Downloaded { workflow_type: workflow_type.to_owned(), histories: 0, open };
    let (mut token, mut listed) = (Vec::new(), 0);
    loop {
        let page = workflows.list(&query, PAGE, token).await?;
        let first = listed;
        listed += page.items.len();
        let runs = page.items.into_iter().filter_map(|info| info.execution).enumerate();
        let chosen = runs.filter(|(number, _)| (first + number).is_multiple_of(every)).map(|(_, run)| run);
        let kept = stream::iter(chosen).map(|run| keep(client, run.workflow_id, run.run_id, folder));
        it.histories +=
            kept.buffer_unordered(AT_A_TIME).try_fold(0, async |sum, kept| Ok(sum + usize::from(kept))).await?;
        if page.next.is_empty() {
            return Ok(it);
        }
        token = page.next;
    }
}

/// Writes the history of a run; returns `false` if Temporal has deleted it meanwhile.
async fn keep(client: &Client, workflow_id: String, run_id: String, folder: &Path) -> Result<bool, UpgradeError> {
    let path = files::history(folder, &workflow_id, &run_id);
    let run = WorkflowExecutionInfo::builder().namespace(client.namespace()).workflow_id(&workflow_id).run_id(run_id);
    let options = WorkflowFetchHistoryOptions::builder().rpc_options(bounded_rpc()).build();
    match run.build().bind_untyped(client.clone()).fetch_history(options).to_json().await {
        Ok(json) => files::write(&path, &json).map(|()| true),
        Err(WorkflowHistoryError::Fetch(WorkflowInteractionError::NotFound(_))) => Ok(false),
        Err(error) => Err(UpgradeError::History { workflow_id, why: error.to_string() }),
    }
}
