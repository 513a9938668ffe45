//! Reads the histories of runs.

use temporalio_client::{NamespacedClient, grpc::WorkflowService};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution,
    history::v1::{HistoryEvent, history_event::Attributes},
    workflowservice::v1::GetWorkflowExecutionHistoryReverseRequest,
};

use super::{
    OperatorError, Workflows,
    workflows::{bounded, found, latest, within},
};

/// How many of the latest events of a history are read.
const MOST_EVENTS: i32 = 500;
/// How many of the latest runs are read.
const MOST_RUNS: usize = 8;

/// The latest events of one or more runs, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The events.
    pub events: Vec<HistoryEvent>,
    /// Whether older events are left out.
    pub is_cut: bool,
}

impl Workflows {
    /// Reads the latest events of the latest run's history; there are none if there never was a run.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the request.
    pub async fn history(&self, workflow_id: &str) -> Result<History, OperatorError> {
        Ok(self.history_of(latest(workflow_id), MOST_EVENTS).await?.unwrap_or_default())
    }

    /// Reads the latest events of the latest run and of the runs that it continues: up to eight, as far back as Temporal
    /// keeps them.
    ///
    /// # Errors
    /// Temporal is unavailable or rejects the request.
    pub async fn history_of_runs(&self, workflow_id: &str) -> Result<History, OperatorError> {
        let mut whole = History::default();
        let (mut run, mut left) = (latest(workflow_id), MOST_EVENTS);
        for _ in 0..MOST_RUNS {
            let Some(mut earlier) = self.history_of(run.clone(), left).await? else { return Ok(whole) };
            left -= i32::try_from(earlier.events.len()).unwrap_or(left).min(left);
            let continued = continued_run(&earlier);
            earlier.events.append(&mut whole.events);
            whole = earlier;
            match continued {
                None => return Ok(whole),
                Some(_) if left == 0 => break,
                Some(run_id) => run.run_id = run_id,
            }
        }
        Ok(History { is_cut: true, ..whole })
    }

    /// Returns the latest events of one run; `None` if there is no such run.
    async fn history_of(&self, run: WorkflowExecution, most: i32) -> Result<Option<History>, OperatorError> {
        let mut client = self.client()?;
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: client.namespace(),
            execution: Some(run),
            maximum_page_size: most,
            ..Default::default()
        };
        let answer = found(within(client.get_workflow_execution_history_reverse(bounded(request))).await)?;
        Ok(answer.map(|answer| {
            let mut events = answer.history.unwrap_or_default().events;
            events.reverse();
            History { events, is_cut: !answer.next_page_token.is_empty() }
        }))
    }
}

/// Returns the run that this one continues; also `None` if its beginning was not read.
fn continued_run(history: &History) -> Option<String> {
    match history.events.first()?.attributes.as_ref()? {
        Attributes::WorkflowExecutionStartedEventAttributes(started) => {
            Some(started.continued_execution_run_id.clone()).filter(|run_id| !run_id.is_empty())
        }
        _ => None,
    }
}
