//! Tells the outside that an instance needs a person, or a service that is away: search attribute, memo and details.
//!
//! An instance that gets on publishes nothing: each publication costs history events.

use serde::{Deserialize, Serialize};
use temporalio_common::search_attributes::SearchAttributeKey;
use temporalio_workflow::{MemoValue, WorkflowContext};

use super::workflow::ProcessInstance;
use crate::{
    instance::{InstanceView, Overdue, ParkedFailure},
    manager::ProcessManager,
};

/// The memo field that holds what was published last; see [`Published`].
pub const MEMO: &str = "state";
/// Whether an instance is parked, or a command of its does not get through.
pub(super) const INCIDENT: SearchAttributeKey<bool> = SearchAttributeKey::bool("Incident");
/// The instance's id.
pub(super) const PROCESS_ID: SearchAttributeKey<String> = SearchAttributeKey::keyword("ProcessId");

/// What is wrong with an instance; nothing while it gets on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ParkedFailure>,
    /// The command that does not get through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
}

impl Published {
    pub(super) fn of(view: InstanceView) -> Self {
        Self { failure: view.failure, overdue: view.overdue }
    }

    fn is_incident(&self) -> bool {
        self.failure.is_some() || self.overdue.is_some()
    }
}

/// Publishes what has changed since the last time.
pub(super) fn publish<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) {
    let (now, changed) = ctx.state_mut(|run| {
        let now = Published::of(run.machine().view());
        let changed = now != run.published;
        run.published = now.clone();
        (now, changed)
    });
    // A run that goes on where another left off finds what that one has published.
    let is_incident = now.is_incident();
    if ctx.search_attributes().get(&INCIDENT).unwrap_or_default() != is_incident {
        ctx.upsert_search_attributes([INCIDENT.value_set(is_incident)]);
    } else if !changed {
        return;
    }
    ctx.set_current_details(details(&now));
    if let Err(error) = ctx.upsert_memo([(MEMO, Some(MemoValue::new(now)))]) {
        tracing::error!(%error, "the memo could not be written");
    }
}

/// What Temporal's Web UI shows of a run, in Markdown.
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
    match &published.overdue {
        Some(overdue) => {
            format!("Incident since {}: {} {}", overdue.since.to_rfc3339(), overdue.command, overdue.detail)
        }
        None => String::new(),
    }
}
