//! Publishes the progress of a batch: memo, search attributes and current details.

use process_manager::batch::{PausedBy, Progress, Status};
use temporalio_common::search_attributes::SearchAttributeUpdate;
use temporalio_workflow::WorkflowContext;

use super::Batch;
use crate::publish::{INCIDENT, NEEDS_ATTENTION, OUTCOME, attention, publish as publish_state};

/// Publishes the progress. Call it after each chunk, and when a signal has changed something.
pub(super) fn publish(ctx: &WorkflowContext<Batch>, progress: Progress) {
    let known = ctx.search_attributes();
    let is_incident = progress.needs_operator();
    let has_changed = known.get(&INCIDENT).unwrap_or_default() != is_incident;
    let mut attributes: Vec<SearchAttributeUpdate> =
        has_changed.then(|| INCIDENT.value_set(is_incident)).into_iter().collect();
    attributes.extend(attention(known.get(&NEEDS_ATTENTION), is_incident, is_incident));
    attributes.extend(outcome(progress.status).map(|name| OUTCOME.value_set(name.to_owned())));
    publish_state(ctx, attributes, details(&progress), progress);
}

fn outcome(status: Status) -> Option<&'static str> {
    match status {
        Status::Completed => Some("completed"),
        Status::Cancelled => Some("cancelled"),
        _ => None,
    }
}

/// Returns the current details of the run, in Markdown.
fn details(progress: &Progress) -> String {
    let Progress { accepted, settled, failed, undone, .. } = progress;
    let of = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
    let counts = format!("{}{of} items: {accepted} accepted, {settled} settled, {failed} failed", progress.answered());
    let undone = if *undone > 0 { format!(", {undone} undone") } else { String::new() };
    match (&progress.pause, &progress.fault) {
        (Some(pause), _) if progress.needs_operator() => {
            let since = pause.since.to_rfc3339();
            let waits_for = match pause.by {
                PausedBy::Failures => "`limits`, `retry` or `cancel`",
                _ => "`resume` or `cancel`",
            };
            format!("**Paused** since {since}: {}\n\n{counts}{undone}\n\nWaits for {waits_for}.", pause.detail)
        }
        (Some(pause), _) => format!("**Paused** since {} by an operator\n\n{counts}{undone}", pause.since.to_rfc3339()),
        (None, Some(fault)) => format!("{counts}{undone}\n\nTried again: {fault}"),
        (None, None) => format!("{counts}{undone}"),
    }
}
