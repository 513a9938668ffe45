//! The run of an instance: passes its steps to activities and timers, and their answers back.

use chrono::{DateTime, Utc};
use process_manager::{
    instance::{Ended, Ledger, Next},
    manager::ProcessManager,
};
use temporalio_common::{data_converters::RawValue, error::ApplicationFailure};
use temporalio_workflow::{CancellableFuture as _, WorkflowContext, WorkflowTermination, select};

use super::{
    begin::CannotBegin,
    clock::Clock,
    cut::{continue_as_new, is_at_a_cut, wait_for_code_that_reads},
    dispatch::{Dispatched, dispatch},
    fetch::fetch,
    length::{is_too_long, must_hand_over},
    publish::publish,
    workflow::ProcessInstance,
};
use crate::{activities::Answer, failed, now, timer::timer};

/// The types of the failures with which a run ends *Failed*.
pub mod failure_type {
    /// The run was started by hand, with an unusable input. It has handled nothing.
    pub const INVALID_INPUT: &str = "InvalidInput";
    /// An operator acknowledged the failure of the instance.
    pub const FAILURE_ACKNOWLEDGED: &str = "FailureAcknowledged";
}

type Ctx<M> = WorkflowContext<ProcessInstance<M>>;

/// The result of a run, or the details of its failure. A later instance of the same id must not handle the same events
/// again, so it begins with this ledger.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct FinalRecord {
    /// How the instance ended.
    pub ended: Ended,
    /// Its ledger: what it had seen of each log.
    pub ledger: Ledger,
}

/// Returns once the run can begin with this code.
async fn can_begin<M: ProcessManager>(ctx: &Ctx<M>) -> Result<(), WorkflowTermination> {
    match ctx.state(|run| run.instance.as_ref().err().cloned()) {
        None => (),
        Some(CannotBegin::InvalidInput(why)) => return Err(failed(failure_type::INVALID_INPUT, why)),
        Some(CannotBegin::VersionUnavailable(why)) => {
            // The workflow task fails and is retried until a worker with the right code takes it.
            ctx.force_task_fail(why);
            ctx.wait_condition(|_| false).await?;
        }
    }
    wait_for_code_that_reads(ctx).await
}

/// Carries out the steps of the instance, until it has ended.
pub(super) async fn run<M: ProcessManager>(ctx: Ctx<M>) -> Result<RawValue, WorkflowTermination> {
    can_begin(&ctx).await?;
    let mut clock = Clock::default();
    loop {
        if is_too_long(&ctx) || is_at_a_cut(&ctx) {
            continue_as_new(&ctx)?;
        }
        let at = now(&ctx);
        let next = ctx.state_mut(|run| {
            run.awake = false;
            run.machine().advance(at)
        });
        match next {
            Next::Dispatch(command) => {
                let dispatched = dispatch(&ctx, command).await?;
                let at = now(&ctx);
                match dispatched {
                    Dispatched::Answered(Ok(Some(Answer { kind, data }))) => {
                        ctx.state_mut(|run| run.machine().answered_with(&kind, data, at));
                    }
                    Dispatched::Answered(answer) => {
                        ctx.state_mut(|run| run.machine().answered(answer.map(|_| ()), at));
                    }
                    Dispatched::TimedOut => ctx.state_mut(|run| run.machine().timed_out(at)),
                    Dispatched::TooLong => continue_as_new(&ctx)?,
                }
            }
            Next::Fetch(events) => match fetch(&ctx, events).await? {
                None => continue_as_new(&ctx)?,
                Some(fetched) => {
                    let at = now(&ctx);
                    ctx.state_mut(|run| run.machine().fetched(fetched, at));
                }
            },
            Next::Wait(_) if is_at_a_cut(&ctx) => (),
            Next::Wait(until) => {
                publish(&ctx);
                if let Some(timeout) = M::options().idle_timeout {
                    ctx.state(|run| run.idle.arm(timeout));
                }
                clock.wait(&ctx, until).await?;
                ctx.state(|run| run.idle.disarm());
            }
            Next::WaitUntil(time) => wait_until(&ctx, time).await?,
            Next::End(ended) => return end(&ctx, ended),
        }
    }
}

/// Waits until the time. Events may come in meanwhile; if they make the history too long, it returns early.
async fn wait_until<M: ProcessManager>(ctx: &Ctx<M>, time: DateTime<Utc>) -> Result<(), WorkflowTermination> {
    publish(ctx);
    let mut timer = timer(ctx, (time - now(ctx)).to_std().unwrap_or_default());
    loop {
        select! {
            // The timer of a cancelled run ends at once, however often it is started.
            _ = timer => {
                let is_cancelled = ctx.cancellation_token().is_cancelled();
                return if is_cancelled { Err(WorkflowTermination::cancelled()) } else { Ok(()) };
            }
            woken = ctx.wait_condition(ProcessInstance::has_news) => {
                woken?;
                if must_hand_over(ctx) {
                    timer.cancel();
                    return Ok(());
                }
            }
        }
    }
}

fn end<M: ProcessManager>(ctx: &Ctx<M>, ended: Ended) -> Result<RawValue, WorkflowTermination> {
    publish(ctx);
    let (ledger, acknowledgement) = ctx.state_mut(|run| (run.machine().ledger().clone(), run.acknowledgement.clone()));
    let record = FinalRecord { ended, ledger };
    match ended {
        Ended::Stopped => Ok(RawValue::from_value(&record, ctx.payload_converter())),
        Ended::Acknowledged => {
            let by = acknowledgement.acknowledged_by.as_deref().unwrap_or("an operator");
            let note = acknowledgement.note.map(|note| format!(": {note}")).unwrap_or_default();
            let why = format!("the failure was acknowledged by {by}{note}");
            Err(acknowledged(why, record))
        }
    }
}

fn acknowledged(why: String, record: FinalRecord) -> WorkflowTermination {
    let failure = ApplicationFailure::builder(why).type_name(failure_type::FAILURE_ACKNOWLEDGED.to_owned());
    WorkflowTermination::failed_application(failure.non_retryable(true).details(record).build())
}
