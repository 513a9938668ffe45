//! Where a run ends and another goes on: when its history is long, and around each decision of an operator.
//!
//! A parked instance waits in a run of its own. That run's history holds no decision of the process manager, so it
//! replays under any code. An operator's retry begins yet another run, under the then current version (ADR 16).

use process_manager::{
    instance::{Instance, SnapshotError},
    manager::ProcessManager,
};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::{WorkflowContext, WorkflowTermination};

use super::{
    ProcessInstance,
    begin::{Begin, CannotBegin},
    publish::hand_over,
};
use crate::now;

type Ctx<M> = WorkflowContext<ProcessInstance<M>>;

/// The state that says where a run has to end.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// Whether the run ends when its instance is parked, and when it is retried.
    around_parking: bool,
    /// The failure that the run began with.
    begun_with: Option<String>,
    /// Whether that failure has been retried.
    is_retried: bool,
    /// The failure with which the instance stays here, because it cannot be handed over.
    kept_with: Option<String>,
    /// How often it could not be handed over.
    kept: u32,
}

impl Cut {
    pub(super) fn new<M: ProcessManager>(instance: &Result<Instance<M>, CannotBegin>) -> Self {
        let Ok(instance) = instance else { return Self::default() };
        Self {
            around_parking: instance.revision() > 0 || instance.unreadable().is_some(),
            begun_with: failure_id(instance),
            ..Self::default()
        }
    }

    pub(super) fn retried(&mut self) {
        self.is_retried = self.begun_with.is_some();
    }

    fn is_here<M: ProcessManager>(&self, instance: &Instance<M>) -> bool {
        let parked = failure_id(instance);
        let is_new = parked.is_some() && parked != self.begun_with && parked != self.kept_with;
        self.around_parking && (self.is_retried || is_new)
    }
}

fn failure_id<M: ProcessManager>(instance: &Instance<M>) -> Option<String> {
    instance.parked().map(|failure| failure.failure_id.clone())
}

/// Returns whether the run ends here: its instance was parked in it, or was handed over parked and has been retried.
pub(super) fn is_at_a_cut<M: ProcessManager>(ctx: &Ctx<M>) -> bool {
    ctx.state(|run| run.instance.as_ref().is_ok_and(|instance| run.cut.is_here(instance)))
}

/// Fails the workflow task of a run that continues an earlier one and whose input this code cannot read: it waits for
/// code that can. A run that has only begun parks its instance instead.
pub(super) async fn wait_for_code_that_reads<M: ProcessManager>(ctx: &Ctx<M>) -> Result<(), WorkflowTermination> {
    let unreadable = ctx.state(|run| {
        let instance = run.instance.as_ref().ok().filter(|instance| instance.parked().is_none());
        instance.and_then(Instance::unreadable).map(str::to_owned)
    });
    match unreadable {
        Some(why) if ctx.is_replaying() => {
            ctx.force_task_fail(why);
            ctx.wait_condition(|_| false).await?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Hands the instance over to a new run. It returns if that is impossible: then the instance is parked here.
pub(super) fn continue_as_new<M: ProcessManager>(ctx: &Ctx<M>) -> Result<(), WorkflowTermination> {
    let parked = ctx.state_mut(|run| failure_id(run.machine()));
    if parked.is_some() && parked == ctx.state(|run| run.cut.kept_with.clone()) {
        return Ok(());
    }
    let begin = ctx.state_mut(|run| {
        let acknowledgement = run.acknowledgement.clone();
        Begin::carrying(run.machine(), &acknowledgement)
    });
    if is_kept(ctx, begin.as_ref().err()) {
        return Ok(());
    }
    let Ok(begin) = begin else { return Ok(()) };
    let options = hand_over(ctx);
    let input = RawValue::from_value(&begin, ctx.payload_converter());
    match ctx.continue_as_new(input, options)? {}
}

/// Parks an instance that cannot be handed over. A marker in the history tells this to code that can hand it over.
fn is_kept<M: ProcessManager>(ctx: &Ctx<M>, error: Option<&SnapshotError>) -> bool {
    let at = now(ctx);
    let marker = ctx.state(|run| format!("kept-{}", run.cut.kept + 1));
    let is_kept = match error {
        Some(_) => {
            ctx.patched(&marker);
            true
        }
        None => ctx.is_replaying() && ctx.patched(&marker),
    };
    if is_kept {
        ctx.state_mut(|run| {
            run.machine().keep(error, at);
            run.cut.kept += 1;
            run.cut.is_retried = false;
            run.cut.kept_with = failure_id(run.machine());
        });
    }
    is_kept
}
