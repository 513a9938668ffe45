//! The length of a run's history.

use process_manager::manager::ProcessManager;
use temporalio_workflow::WorkflowContext;

use super::ProcessInstance;
use crate::is_beyond;

const PATCH: &str = "too-long-for-what-changes-nothing";

/// Returns whether a waiting run has to begin another one; asked when something has come in.
///
/// Even input that changes nothing makes the history longer: a run takes 10,000 signals. The first instances did not
/// check their history's length for such input, so theirs must replay without the check. Hence the patch. Its name says
/// where in the history the run was, so a run that was already too long can go on as well.
pub(super) fn must_hand_over<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) -> bool {
    let counts = ctx.state_mut(|run| {
        run.is_stirred = false;
        std::mem::take(&mut run.awake)
    });
    is_too_long(ctx) && (counts || ctx.patched(&format!("{PATCH}-{}", ctx.history_length())))
}

/// Returns whether the run's history is long enough to begin another one. The run itself counts the local activities of
/// a workflow task: the server reports their events only with the next task.
pub(super) fn is_too_long<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) -> bool {
    let length = ctx.history_length();
    let since = ctx.state_mut(|run| {
        if run.markers.0 != length {
            run.markers = (length, 0);
        }
        run.markers.1
    });
    is_beyond(length + since) || ctx.continue_as_new_suggested()
}
