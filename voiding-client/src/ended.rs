//! The sweep's questions to Temporal: which runs were ended from outside, and which processes have no run.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use messages::{DocumentId, ProcessId};
use process_manager_host::operator::{Listed, OperatorError, ended_with, timestamp};
use workflows::voiding;

use crate::{Run, VoidingClient, filter};

/// Maximum number of runs that Temporal lists at once.
const PAGE: usize = 1_000;

/// A run that was terminated or cancelled, or that timed out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EndedRun {
    /// Temporal's id of the run.
    pub run_id: String,
    /// The document that it was to void.
    pub document_id: DocumentId,
    /// When it ended, by Temporal's clock.
    pub closed_at: DateTime<Utc>,
}

impl VoidingClient {
    /// Lists a page of the runs that have ended with one of the statuses of [`ENDED_FROM_OUTSIDE`] since a time. The
    /// visibility store lags by up to a second.
    ///
    /// [`ENDED_FROM_OUTSIDE`]: process_manager_host::operator::ENDED_FROM_OUTSIDE
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn ended_with(
        &self,
        status: &str,
        since: Option<DateTime<Utc>>,
        from: Vec<u8>,
    ) -> Result<Listed<EndedRun>, OperatorError> {
        let query = ended_with(status, &[voiding::WORKFLOW_TYPE], since);
        let page = self.workflows.list(&query, PAGE, from).await?;
        let ended = page.items.iter().filter_map(|info| {
            let execution = info.execution.as_ref()?;
            let document_id = voiding::document_id(&execution.workflow_id)?;
            let closed_at = info.close_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos))?;
            Some(EndedRun { run_id: execution.run_id.clone(), document_id, closed_at })
        });
        Ok(Listed { items: ended.collect(), next: page.next })
    }

    /// Returns those of these open processes that no run carries out. The visibility store lags by up to a second.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn without_run(
        &self,
        open: Vec<(DocumentId, ProcessId)>,
    ) -> Result<Vec<(DocumentId, ProcessId)>, OperatorError> {
        // Counting is cheap for the server. Listing costs several database reads for each run.
        match filter::running_under(&open) {
            None => return Ok(open),
            Some(query) if usize::try_from(self.workflows.count(&query).await?) == Ok(open.len()) => {
                return Ok(Vec::new());
            }
            Some(_) => {}
        }
        let running = self.running_of(&open).await?;
        let runs = |(document_id, process_id): &(DocumentId, ProcessId)| running.get(document_id) == Some(process_id);
        Ok(open.into_iter().filter(|process| !runs(process)).collect())
    }

    /// Returns which of these processes never had a run, as far as the visibility store knows: it lags by up to a
    /// second.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn never_begun(
        &self,
        processes: Vec<(DocumentId, ProcessId)>,
    ) -> Result<Vec<(DocumentId, ProcessId)>, OperatorError> {
        let (Some(query), Some(once)) = (filter::ever_begun(&processes), filter::begun_once(&processes)) else {
            return Ok(processes);
        };
        if usize::try_from(self.workflows.count(&once).await?) == Ok(processes.len()) {
            return Ok(Vec::new());
        }
        // If a process has several runs, the page may leave some out. Their processes are then checked once too often.
        let runs = self.workflows.list(&query, PAGE, Vec::new()).await?.items;
        let begun: HashSet<_> = runs
            .iter()
            .filter_map(|info| Run::read(info, Vec::new()))
            .filter_map(|run| Some((run.view.document_id, run.view.process_id?)))
            .collect();
        Ok(processes.into_iter().filter(|process| !begun.contains(process)).collect())
    }

    /// Returns the process of each document's running voiding. It is in the memo before a worker has seen the run, and
    /// in the search attributes afterwards.
    async fn running_of(
        &self,
        open: &[(DocumentId, ProcessId)],
    ) -> Result<HashMap<DocumentId, ProcessId>, OperatorError> {
        let Some(query) = filter::running_of(open) else { return Ok(HashMap::new()) };
        // A workflow has at most one running run, so one page has them all.
        let runs = self.workflows.list(&query, PAGE, Vec::new()).await?.items;
        let runs = runs.iter().filter_map(|info| Run::read(info, Vec::new()));
        Ok(runs.filter_map(|run| Some((run.view.document_id, run.view.process_id?))).collect())
    }
}
