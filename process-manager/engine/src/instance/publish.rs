//! Publishes that an instance needs an operator, or a service that is unavailable, and the outcome of one that has ended.
//!
//! An instance that runs without trouble publishes nothing: each publication costs history events.

use process_manager::{instance::Published, manager::ProcessManager};
use temporalio_common::search_attributes::SearchAttributeUpdate;
use temporalio_workflow::{ContinueAsNewOptions, MemoValues, WorkflowContext};

use super::ProcessInstance;
use crate::publish::{INCIDENT, MEMO, NEEDS_ATTENTION, OUTCOME, attention, publish as publish_state};

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
    attributes.apply(NEEDS_ATTENTION.value_set(next.needs_operator()));
    let mut memo = MemoValues::new();
    memo.insert(MEMO, next);
    ContinueAsNewOptions::builder().search_attributes(attributes).memo(memo).build()
}

fn publish_as<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>, mut now: Published) {
    let (publishes_outcome, changed) = ctx.state_mut(|run| {
        // A run that began with older code has no command for it in its history.
        now.outcome = now.outcome.take().filter(|_| run.publishes_outcome);
        (run.publishes_outcome, std::mem::replace(&mut run.published, now.clone()) != now)
    });
    let attributes = attributes(ctx, &now, publishes_outcome);
    if changed || !attributes.is_empty() {
        publish_state(ctx, attributes, details(&now), now);
    }
}

/// Returns the search attributes that have changed. A run that continues another one finds what that one has published.
fn attributes<M: ProcessManager>(
    ctx: &WorkflowContext<ProcessInstance<M>>,
    now: &Published,
    publishes_outcome: bool,
) -> Vec<SearchAttributeUpdate> {
    let known = ctx.search_attributes();
    let is_incident = now.is_incident();
    let has_changed = known.get(&INCIDENT).unwrap_or_default() != is_incident;
    let mut attributes: Vec<_> = has_changed.then(|| INCIDENT.value_set(is_incident)).into_iter().collect();
    if publishes_outcome {
        attributes.extend(attention(known.get(&NEEDS_ATTENTION), now.needs_operator(), is_incident));
        let name = now.outcome.as_ref().map(|outcome| outcome.name.clone());
        attributes
            .extend(name.filter(|name| known.get(&OUTCOME).as_ref() != Some(name)).map(|name| OUTCOME.value_set(name)));
    }
    attributes
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
    if let Some(attention) = &published.attention {
        let (since, code, detail) = (attention.since.to_rfc3339(), &attention.code, &attention.detail);
        return format!("**Needs an operator** since {since} ({code}): {detail}");
    }
    if let Some(outcome) = &published.outcome {
        let reason = outcome.reason.iter().map(|reason| format!(": {reason}")).collect::<String>();
        return format!("**{}**{reason}", outcome.name);
    }
    match &published.stalled {
        Some(stalled) => {
            format!("Incident since {}: {} {}", stalled.since.to_rfc3339(), stalled.command, stalled.detail)
        }
        None => String::new(),
    }
}
