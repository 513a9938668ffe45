//! The run of an instance: hands what the instance wants to be done to activities and timers, and their answers back.

use chrono::{DateTime, Utc};
use temporalio_common::{data_converters::RawValue, error::ApplicationFailure};
use temporalio_workflow::{CancellableFuture as _, ContinueAsNewOptions, WorkflowContext, WorkflowTermination, select};

use super::{
    begin::{Begin, CannotBegin},
    fetch::fetch,
    publish::publish,
    send::{Sent, send},
    workflow::ProcessInstance,
};
use crate::{
    causes::with_causes,
    instance::{Ended, Ledger, Next},
    manager::ProcessManager,
};

/// A run continues as new beyond this many events: far below the server's limit of 51,200.
const LONGEST_HISTORY: u32 = 4_000;

/// Types of the failures with which a run ends *Failed*.
mod failure_type {
    pub(super) const INVALID_INPUT: &str = "InvalidInput";
    pub(super) const FAILURE_ACKNOWLEDGED: &str = "FailureAcknowledged";
}

type Ctx<M> = WorkflowContext<ProcessInstance<M>>;

/// What a run leaves behind, as its result or as the details of its failure: a later instance of the same id must not
/// handle the same events again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Left {
    pub(super) ended: Ended,
    pub(super) ledger: Ledger,
}

/// Does what the instance wants to be done, until it has ended.
pub(super) async fn run<M: ProcessManager>(ctx: Ctx<M>) -> Result<RawValue, WorkflowTermination> {
    match ctx.state(|run| run.instance.as_ref().err().cloned()) {
        None => (),
        Some(CannotBegin::InvalidInput(why)) => return Err(failed(failure_type::INVALID_INPUT, why, None)),
        Some(CannotBegin::NotHere(why)) => {
            // The workflow task fails and is tried again, until a worker with the right code takes it.
            ctx.force_task_fail(why);
            ctx.wait_condition(|_| false).await?;
        }
    }
    let idle_timeout = M::options().idle_timeout;
    loop {
        if is_too_long(&ctx) {
            return continue_as_new(&ctx);
        }
        let at = now(&ctx);
        let next = ctx.state_mut(|run| {
            run.awake = false;
            run.machine().advance(at)
        });
        match next {
            Next::Dispatch(dispatch) => {
                let sent = send(&ctx, dispatch).await?;
                let at = now(&ctx);
                match sent {
                    Sent::Answered(answer) => ctx.state_mut(|run| run.machine().answered(answer, at)),
                    Sent::TimedOut => ctx.state_mut(|run| run.machine().timed_out(at)),
                    Sent::TooLong => return continue_as_new(&ctx),
                }
            }
            Next::Fetch(events) => {
                let Some(fetched) = fetch(&ctx, events).await? else { return continue_as_new(&ctx) };
                let at = now(&ctx);
                ctx.state_mut(|run| run.machine().fetched(fetched, at));
            }
            Next::Wait => {
                publish(&ctx);
                if let Some(timeout) = idle_timeout {
                    ctx.state(|run| run.idle.waits(timeout));
                }
                ctx.wait_condition(|run| run.awake).await?;
                ctx.state(|run| run.idle.goes_on());
            }
            Next::WaitUntil(time) => wait_until(&ctx, time).await?,
            Next::End(ended) => return end(&ctx, ended),
        }
    }
}

/// Waits for the time. Events come in meanwhile; when they make the history too long, it returns before.
async fn wait_until<M: ProcessManager>(ctx: &Ctx<M>, time: DateTime<Utc>) -> Result<(), WorkflowTermination> {
    publish(ctx);
    let mut timer = ctx.timer((time - now(ctx)).to_std().unwrap_or_default());
    loop {
        select! {
            _ = timer => return Ok(()),
            woken = ctx.wait_condition(|run| run.awake) => {
                woken?;
                ctx.state_mut(|run| run.awake = false);
                if is_too_long(ctx) {
                    timer.cancel();
                    return Ok(());
                }
            }
        }
    }
}

/// Whether the run's history is long enough to begin another one. The local activities of a workflow task are counted
/// by the run itself: the server tells their events only with the next task.
pub(super) fn is_too_long<M: ProcessManager>(ctx: &Ctx<M>) -> bool {
    let length = ctx.history_length();
    let since = ctx.state_mut(|run| {
        if run.markers.0 != length {
            run.markers = (length, 0);
        }
        run.markers.1
    });
    length + since > LONGEST_HISTORY || ctx.continue_as_new_suggested()
}

fn continue_as_new<M: ProcessManager>(ctx: &Ctx<M>) -> Result<RawValue, WorkflowTermination> {
    publish(ctx);
    let carried = ctx.state_mut(|run| run.machine().carry());
    let carried = carried.map_err(|error| failed("CannotCarry", with_causes(&error), None))?;
    let process_id = ctx.state_mut(|run| run.machine().id().to_owned());
    let begin = Begin { carried: Some(carried), ..Begin::new::<M>(&process_id, Ledger::default()) };
    let input = RawValue::from_value(&begin, ctx.payload_converter());
    match ctx.continue_as_new(input, ContinueAsNewOptions::default())? {}
}

fn end<M: ProcessManager>(ctx: &Ctx<M>, ended: Ended) -> Result<RawValue, WorkflowTermination> {
    publish(ctx);
    let (ledger, acknowledgement) = ctx.state_mut(|run| (run.machine().ledger().clone(), run.acknowledgement.clone()));
    let left = Left { ended, ledger };
    match ended {
        Ended::Stopped => Ok(RawValue::from_value(&left, ctx.payload_converter())),
        Ended::Acknowledged => {
            let by = acknowledgement.acknowledged_by.as_deref().unwrap_or("somebody");
            let note = acknowledgement.note.map(|note| format!(": {note}")).unwrap_or_default();
            let why = format!("the failure was acknowledged by {by}{note}");
            Err(failed(failure_type::FAILURE_ACKNOWLEDGED, why, Some(left)))
        }
    }
}

fn failed(kind: &str, why: String, left: Option<Left>) -> WorkflowTermination {
    let failure = ApplicationFailure::builder(why).type_name(kind.to_owned()).non_retryable(true);
    WorkflowTermination::failed_application(match left {
        Some(left) => failure.details(left).build(),
        None => failure.build(),
    })
}

/// The time, the same when this is replayed.
pub(super) fn now<M: ProcessManager>(ctx: &Ctx<M>) -> DateTime<Utc> {
    ctx.workflow_time().map(DateTime::from).unwrap_or_default()
}
