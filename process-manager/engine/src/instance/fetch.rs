//! Requests events again that the previous run could not hand over whole.
//!
//! This is not a local activity. It stays visible while the log is unavailable, and its events come in a workflow task
//! each, so no task's answer exceeds what the server takes.

use std::time::Duration;

use process_manager::{instance::Fetch, manager::ProcessManager};
use process_manager_wire::CloudEvent;
use temporalio_common::{
    error::{ActivityExecutionError, IncomingError},
    protos::temporal::api::failure::v1::failure::FailureInfo,
};
use temporalio_workflow::{
    ActivityOptions, CancellableFuture as _, RetryPolicy, WorkflowContext, WorkflowTermination, select,
};

use super::{length::must_hand_over, workflow::ProcessInstance};
use crate::{
    activities::{EventsToFetch, LogActivities, UNREADABLE},
    timer::timer,
};

/// The time limit of one attempt.
const ATTEMPT: Duration = Duration::from_secs(30);
/// The pauses between attempts, and before an activity that an operator failed begins again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

type Fetched = Result<Vec<CloudEvent>, String>;

/// Returns the first of these events, or the reason why the next one can no longer be read. Returns `None` if the
/// history is too long to wait here: the next run asks again.
pub(super) async fn fetch<M: ProcessManager>(
    ctx: &WorkflowContext<ProcessInstance<M>>,
    events: Fetch,
) -> Result<Option<Fetched>, WorkflowTermination> {
    let summary = format!("Read {} events again", events.positions.len());
    let input = EventsToFetch { manager: M::NAME.to_owned(), log: events.log, positions: events.positions };
    let begin = || ctx.execute_activity(LogActivities::fetch_events, input.clone(), options(summary.clone()));
    let mut fetching = begin();
    loop {
        select! {
            outcome = fetching => match outcome {
                Ok(events) => return Ok(Some(Ok(events))),
                Err(_) if ctx.cancellation_token().is_cancelled() => return Err(WorkflowTermination::cancelled()),
                Err(error) => match unreadable(&error) {
                    Some(why) => return Ok(Some(Err(why))),
                    None => {
                        timer(ctx, LONGEST_PAUSE).await;
                        fetching = begin();
                    }
                },
            },
            woken = ctx.wait_condition(ProcessInstance::has_news) => {
                woken?;
                if must_hand_over(ctx) {
                    fetching.cancel();
                    return Ok(None);
                }
            }
        }
    }
}

fn options(summary: String) -> ActivityOptions {
    let policy = RetryPolicy::builder().initial_interval(FIRST_PAUSE).maximum_interval(LONGEST_PAUSE).build();
    ActivityOptions::with_start_to_close_timeout(ATTEMPT).retry_policy(policy).summary(summary).build()
}

fn unreadable(error: &ActivityExecutionError) -> Option<String> {
    let failure = error.cause().map(IncomingError::failure)?;
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) if info.r#type == UNREADABLE => Some(failure.message.clone()),
        _ => None,
    }
}
