//! Publishes that an instance needs an operator, or a service that is unavailable.
//!
//! An instance that runs without trouble publishes nothing: each publication costs history events.

use process_manager::{instance::Published, manager::ProcessManager};
use temporalio_workflow::{ContinueAsNewOptions, MemoValues, WorkflowContext};

use super::ProcessInstance;
use crate::publish::{INCIDENT, MEMO, publish as publish_state};

/// Publishes what has changed since the last time.
pub(super) fn publish<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) {
    let now = ctx.state_mut(|run| Published::from(run.machine().view()));
    publish_as(ctx, now);
}

/// Publishes that nothing is amiss in this run, which ends, and hands what is over to the next: it shows it from its start
/// on, with or without a worker, and no closed run is listed as an incident.
pub(super) fn hand_over<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) -> ContinueAsNewOptions {
    let next = ctx.state_mut(|run| Published::from(run.machine().view()));
    publish_as(ctx, Published::default());
    if !next.is_incident() {
        return ContinueAsNewOptions::default();
    }
    let mut attributes = ctx.search_attributes();
    attributes.apply(INCIDENT.value_set(true));
    let mut memo = MemoValues::new();
    memo.insert(MEMO, next);
    ContinueAsNewOptions::builder().search_attributes(attributes).memo(memo).build()
}

fn publish_as<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>, now: Published) {
    let changed = ctx.state_mut(|run| std::mem::replace(&mut run.published, now.clone()) != now);
    // A run that continues another one finds what that one has published.
    let is_incident = now.is_incident();
    let has_changed = ctx.search_attributes().get(&INCIDENT).unwrap_or_default() != is_incident;
    if changed || has_changed {
        let attributes = if has_changed { vec![INCIDENT.value_set(is_incident)] } else { Vec::new() };
        publish_state(ctx, attributes, details(&now), now);
    }
}

/// Returns the current details of the run, in Markdown.
fn details(published: &Published) -> String {
    if let Some(failure) = &published.failure {
        let what = failure.command.as_ref().unwrap_or(&failure.event);
        return format!(
            "**Parked** since {}: {what} failed ({}): {}\n\nWaits for the signal `retry` or `acknowledge`.",
            failure.at.to_rfc3339(),
            failure.code,
            failure.detail
        );
    }
    match &published.stalled {
        Some(stalled) => {
            format!("Incident since {}: {} {}", stalled.since.to_rfc3339(), stalled.command, stalled.detail)
        }
        None => String::new(),
    }
}
