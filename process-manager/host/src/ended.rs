//! Continues instances whose runs were ended from outside: terminated by an operator or by Temporal, cancelled, or timed
//! out (ADR 18).
//!
//! Otherwise their work would never be done, and nobody would notice. So another run goes on from where the ended one
//! was. It is parked with the code `ended-from-outside` until an operator decides.

mod batch;
mod history;
mod start;
mod sweep;

use std::time::Duration;

use chrono::{DateTime, Utc};
use process_manager::{instance::Delivery, limits::cut, manager::ProcessManager};
use process_manager_engine::instance::{Begin, Carried, EndedRun, workflow_id};
use process_manager_wire::Position;
use serde::de::DeserializeOwned;
use temporalio_client::{Client, NamespacedClient, grpc::WorkflowService, tonic::Code};
use temporalio_common::protos::temporal::api::{
    common::v1::WorkflowExecution, enums::v1::WorkflowExecutionStatus, query::v1::WorkflowQuery,
    workflow::v1::WorkflowExecutionInfo, workflowservice::v1::QueryWorkflowRequest,
};
use tokio::time::timeout;

use self::history::Tail;
pub(crate) use self::sweep::EndedInstances;
use crate::operator::{OperatorError, Workflows, bounded, decode, timestamp};

/// The time limit of a query. It replays the run's history, which may have 50 MB.
const QUERY_WITHIN: Duration = Duration::from_secs(30);
/// Maximum size of the events that the next run begins with, besides what is carried over; the server takes 2 MiB in
/// all.
const EVENT_BYTES: usize = 512 * 1024;

/// The reason why an instance could not be continued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EndedError {
    /// Temporal is unavailable, or rejects a request.
    #[error(transparent)]
    Temporal(#[from] OperatorError),
    /// No worker could read the state of the ended run.
    #[error("the state of the ended run cannot be read: {0}")]
    Unreadable(String),
    /// The run was begun by hand, with a meaningless input.
    #[error("the input of the ended run cannot be read")]
    Input,
}

/// A run that was ended from outside.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    workflow_id: String,
    run_id: String,
    status: WorkflowExecutionStatus,
    at: DateTime<Utc>,
}

/// What to do if no worker can read the state of the ended run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is an error: a worker may be able to read the state later.
    Fails,
    /// The instance goes on from where that run began, and says so.
    GoesOnFromItsBegin,
}

/// The outcome for the instance of an ended run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continued {
    /// It goes on, parked.
    Parked,
    /// Another run has followed.
    Followed,
    /// It had nothing left to do.
    Over,
}

impl Ended {
    /// Reads a run; returns `None` if it is running, or ended by itself.
    fn read(info: &WorkflowExecutionInfo) -> Option<Self> {
        use WorkflowExecutionStatus::{Canceled, Terminated, TimedOut};
        let status = Some(info.status()).filter(|status| matches!(status, Canceled | Terminated | TimedOut))?;
        let execution = info.execution.clone()?;
        let at = info.close_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos))?;
        Some(Self { workflow_id: execution.workflow_id, run_id: execution.run_id, status, at })
    }

    fn execution(&self) -> WorkflowExecution {
        WorkflowExecution { workflow_id: self.workflow_id.clone(), run_id: self.run_id.clone() }
    }
}

/// Continues the instance if its latest run was ended from outside; returns whether it runs now.
pub(crate) async fn continue_latest<M: ProcessManager>(
    client: &Client,
    task_queue: &str,
    id: &str,
) -> Result<bool, EndedError> {
    match latest(client, M::NAME, &workflow_id::<M>(id)).await? {
        Some(ended) => match continue_run::<M>(client, task_queue, id, &ended, Unreadable::Fails).await {
            // The run was begun by hand: there has never been an instance, and another attempt would read the same.
            Err(EndedError::Input) => Ok(false),
            continued => Ok(continued? != Continued::Over),
        },
        None => Ok(false),
    }
}

/// Returns the latest run of a workflow of this type, if it was ended from outside.
async fn latest(client: &Client, workflow_type: &str, workflow_id: &str) -> Result<Option<Ended>, EndedError> {
    let described = Workflows::new(client.clone()).describe(workflow_id).await?;
    let described = described.filter(|run| run.info.r#type.as_ref().is_some_and(|kind| kind.name == workflow_type));
    Ok(described.and_then(|run| Ended::read(&run.info)))
}

/// Continues the instance after this run, unless the run left nothing to do or is no longer the latest one.
pub(crate) async fn continue_run<M: ProcessManager>(
    client: &Client,
    task_queue: &str,
    id: &str,
    ended: &Ended,
    unreadable: Unreadable,
) -> Result<Continued, EndedError> {
    if !is_latest(client, M::NAME, ended).await? {
        return Ok(Continued::Followed);
    }
    let left = left(client, ended, unreadable).await?;
    if left.is_over && left.events.is_empty() {
        return Ok(Continued::Over);
    }
    let of = EndedRun { run_id: ended.run_id.clone(), how: left.how, at: ended.at };
    let begin =
        Begin { events: left.events, ended: Some(of), publishes_outcome: true, publishes_subject: true, ..left.begin };
    // Reading all that took a while: somebody else may have been faster.
    let goes_on =
        is_latest(client, M::NAME, ended).await? && start::instance::<M>(client, task_queue, id, &begin).await?;
    Ok(if goes_on { Continued::Parked } else { Continued::Followed })
}

async fn is_latest(client: &Client, workflow_type: &str, ended: &Ended) -> Result<bool, EndedError> {
    let latest = latest(client, workflow_type, &ended.workflow_id).await?;
    Ok(latest.is_some_and(|latest| latest.run_id == ended.run_id))
}

/// The state and the events that an ended run leaves behind.
struct Left {
    /// The input of the next run.
    begin: Begin,
    /// Events that came in and are not part of the input.
    events: Vec<Delivery>,
    /// Whether only these events are left to do.
    is_over: bool,
    how: String,
}

async fn left(client: &Client, ended: &Ended, unreadable: Unreadable) -> Result<Left, EndedError> {
    let tail = history::tail(client, ended).await?;
    let how = tail.how(ended.status);
    // No worker has seen the run: what it began with is all there is.
    if tail.begin.is_some() {
        return from_its_begin(tail, how);
    }
    match carried(client, ended).await {
        Ok(Carried { begin, is_over }) => Ok(Left { events: unseen(&begin, tail.deliveries), begin, is_over, how }),
        Err(EndedError::Unreadable(why)) if unreadable == Unreadable::GoesOnFromItsBegin => {
            let how = format!(
                "{how}; its state cannot be read ({}), so it is as when that run began, and the events since wait",
                cut(why)
            );
            from_its_begin(history::whole(client, ended).await?, how)
        }
        Err(error) => Err(error),
    }
}

fn from_its_begin(tail: Tail, how: String) -> Result<Left, EndedError> {
    let begin = tail.begin.ok_or(EndedError::Input)?;
    let mut events = begin.events.clone();
    events.extend(unseen(&begin, tail.deliveries));
    let is_over = begin.carried.is_none();
    let (events, left_out) = fitting(events);
    let how = left_out.map_or(how.clone(), |position| {
        format!(
            "{how}; there is no room for the events from position {position} on: rewind the subscription to before it"
        )
    });
    Ok(Left { begin, events, is_over, how })
}

/// Returns the events that the instance has not accepted: no worker saw them before the end.
fn unseen(begin: &Begin, deliveries: Vec<Delivery>) -> Vec<Delivery> {
    deliveries.into_iter().filter(|queued| !begin.seen().has_accepted(queued)).collect()
}

/// Returns as many of the events as fit, and the position of the first one left out.
fn fitting(mut events: Vec<Delivery>) -> (Vec<Delivery>, Option<Position>) {
    let mut left = EVENT_BYTES;
    let mut fits = |queued: &Delivery| {
        let bytes = serde_json::to_string(queued).map_or(0, |text| text.len());
        left.checked_sub(bytes).map(|rest| left = rest).is_some()
    };
    let count = events.iter().take_while(|queued| fits(queued)).count();
    let left_out = events.get(count).map(|queued| queued.event.sequence);
    events.truncate(count);
    (events, left_out)
}

/// Asks a worker for what the run would have handed over.
async fn carried<T: DeserializeOwned>(client: &Client, ended: &Ended) -> Result<T, EndedError> {
    let mut client = client.clone();
    let mut request = bounded(QueryWorkflowRequest {
        namespace: client.namespace(),
        execution: Some(ended.execution()),
        query: Some(WorkflowQuery { query_type: "carried".to_owned(), ..WorkflowQuery::default() }),
        ..QueryWorkflowRequest::default()
    });
    request.set_timeout(QUERY_WITHIN);
    let answer = match timeout(QUERY_WITHIN, client.query_workflow(request)).await {
        Ok(Ok(answer)) => answer.into_inner(),
        Ok(Err(status)) if status.code() == Code::Unavailable => return Err(OperatorError::of(status).into()),
        Ok(Err(status)) => return Err(EndedError::Unreadable(status.message().to_owned())),
        Err(_) => return Err(EndedError::Unreadable(format!("no answer within {} s", QUERY_WITHIN.as_secs()))),
    };
    let payload = answer.query_result.as_ref().and_then(|result| result.payloads.first());
    payload.and_then(decode).ok_or_else(|| EndedError::Unreadable("the answer is of another form".to_owned()))
}

#[cfg(test)]
mod tests {
    use process_manager::manager::RouteKind;
    use process_manager_wire::CloudEvent;
    use serde_json::json;

    use super::*;

    /// Returns an event that takes this many bytes in the input of a run.
    fn of_bytes(position: Position, bytes: usize) -> Delivery {
        let padded = |padding: usize| {
            let event = json!({
                "specversion": "1.0", "id": "e", "source": "/s", "type": "T", "subject": "s",
                "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json",
                "sequence": position.to_string(), "correlationid": "c", "causationid": "c", "logid": "log",
                "data": "x".repeat(padding)
            });
            Delivery::new(serde_json::from_value::<CloudEvent>(event).unwrap(), RouteKind::Start)
        };
        padded(bytes - serde_json::to_string(&padded(0)).unwrap().len())
    }

    #[test]
    fn up_to_512_kib_of_events_wait_and_beyond_it_the_position_is_named() {
        assert_eq!(EVENT_BYTES, 524_288);
        let events = |last| vec![of_bytes(7, 1_000), of_bytes(8, last)];
        assert_eq!(fitting(events(EVENT_BYTES - 1_000)).1, None);
        let (kept, left_out) = fitting(events(EVENT_BYTES - 999));
        assert_eq!((kept.len(), left_out), (1, Some(8)));
    }
}
