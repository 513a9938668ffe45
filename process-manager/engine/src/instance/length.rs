//! The length of a run's history.

use process_manager::manager::ProcessManager;
use temporalio_workflow::WorkflowContext;

use super::ProcessInstance;
use crate::is_beyond;

const PATCH: &str = "too-long-for-what-changes-nothing";

/// Whether a run that waits has to begin another one, asked when something has come in.
///
/// What changes nothing makes the history longer as well: a run takes 10,000 signals. The first instances did not look
/// at their history for it, so theirs must be replayed without that: hence the patch. Its name says where in the history
/// the run was, so that one that had become too long before can go on as well.
pub(super) fn must_hand_over<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) -> bool {
    let counts = ctx.state_mut(|run| {
        run.is_stirred = false;
        std::mem::take(&mut run.awake)
    });
    is_too_long(ctx) && (counts || ctx.patched(&format!("{PATCH}-{}", ctx.history_length())))
}

/// Whether the run's history is long enough to begin another one. The local activities of a workflow task are counted
/// by the run itself: the server tells their events only with the next task.
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
