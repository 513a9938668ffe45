//! Publishes a run's state: search attributes, memo and current details, all in one workflow task.

use serde::Serialize;
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributeUpdate};
use temporalio_workflow::{MemoValue, WorkflowContext};

/// The memo field that holds the published state.
///
/// It is written in the same workflow task as the search attributes. So a reader needs neither a query nor a worker,
/// and the two never disagree (ADR 2).
pub const MEMO: &str = "state";
/// Search attribute: the process.
pub const PROCESS_ID: SearchAttributeKey<String> = SearchAttributeKey::keyword("ProcessId");
/// Search attribute: whether something needs an operator's attention.
pub const INCIDENT: SearchAttributeKey<bool> = SearchAttributeKey::bool("Incident");

/// Search attribute: whether an operator has to decide; absent until something was wrong.
pub const NEEDS_ATTENTION: SearchAttributeKey<bool> = SearchAttributeKey::bool("NeedsAttention");
/// Search attribute: what an operator's attention is about, such as a customer. It stays when the attention is over, so
/// searches always combine it with [`NEEDS_ATTENTION`].
pub const SUBJECT: SearchAttributeKey<String> = SearchAttributeKey::keyword("AttentionSubject");
/// Search attribute: the name of the outcome that the process manager declared for an instance that has ended.
pub const OUTCOME: SearchAttributeKey<String> = SearchAttributeKey::keyword("Outcome");

/// Returns the change of [`NEEDS_ATTENTION`], if there is one. With an incident it is also set to `false`: that tells a
/// command that is being retried from a run that began before the attribute existed.
#[must_use]
pub fn attention(known: Option<bool>, is_needed: bool, is_incident: bool) -> Option<SearchAttributeUpdate> {
    let is_told = known == Some(is_needed) || (known.is_none() && !is_needed && !is_incident);
    (!is_told).then(|| NEEDS_ATTENTION.value_set(is_needed))
}

/// Publishes a state: the changed attributes, what the Web UI shows (in Markdown), and the memo.
///
/// Call it only before the run waits for the server or ends: nobody sees the states in between, and each publication
/// costs history events.
pub fn publish<W, T: Serialize + Send + Sync + 'static>(
    ctx: &WorkflowContext<W>,
    attributes: Vec<SearchAttributeUpdate>,
    details: impl Into<String>,
    state: T,
) {
    if !attributes.is_empty() {
        ctx.upsert_search_attributes(attributes);
    }
    ctx.set_current_details(details);
    if let Err(error) = ctx.upsert_memo([(MEMO, Some(MemoValue::new(state)))]) {
        tracing::error!(%error, "the memo could not be written");
    }
}
