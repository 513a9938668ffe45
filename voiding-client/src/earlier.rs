//! The processes that a document has had.

use std::collections::BTreeMap;

use messages::{DocumentId, ProcessId};
use process_manager_host::operator::OperatorError;

use crate::{Run, VoidingClient, latest::representative};

impl VoidingClient {
    /// Lists the processes of a document that Temporal knows, newest first, each by the run that represents it. Reads
    /// at most the 100 newest runs.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn processes_of(&self, document_id: &DocumentId) -> Result<Vec<Run>, OperatorError> {
        Ok(by_process(self.runs_of(document_id).await?))
    }
}

fn by_process(runs: Vec<Run>) -> Vec<Run> {
    let mut of: BTreeMap<Option<ProcessId>, Vec<Run>> = BTreeMap::new();
    for run in runs {
        of.entry(run.view.process_id.clone()).or_default().push(run);
    }
    let mut processes: Vec<Run> = of.into_values().filter_map(representative).collect();
    processes.sort_by_key(|run| std::cmp::Reverse(run.started_at));
    processes
}
