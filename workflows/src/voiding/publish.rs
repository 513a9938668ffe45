//! Publishes the state of a voiding (V5).

use messages::voiding::{VoidingState, VoidingView};
use process_manager_engine::publish::{INCIDENT, NEEDS_ATTENTION, PROCESS_ID, attention, publish as publish_state};
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributeUpdate, SearchAttributes};
use temporalio_workflow::WorkflowContext;

use super::{CUSTOMER_ID, DOCUMENT_ID, VOIDING_STATE};

/// Publishes a view.
pub(super) fn publish<W>(ctx: &WorkflowContext<W>, view: VoidingView) {
    let known = ctx.search_attributes();
    let mut changes = changes(&known, &view);
    let attention = attention(known.get(&NEEDS_ATTENTION), needs_attention(&view), view.incident.is_some());
    // A run that began with older code does not have this command in its history.
    changes.extend(attention.filter(|_| ctx.patched(ATTENTION)));
    publish_state(ctx, changes, details(&view), view);
}

/// Patch marker: the run publishes whether it needs attention.
const ATTENTION: &str = "needs-attention";

/// Returns whether an operator has to decide: a refused marking is not acknowledged, or a command was refused.
fn needs_attention(view: &VoidingView) -> bool {
    let is_failed = view.state == VoidingState::MarkingDocumentAsVoidedFailed && view.acknowledgement.is_none();
    is_failed || view.incident.as_ref().is_some_and(|incident| incident.code.is_some())
}

/// Clears the state. The SDK's `value_unset` sends a payload that the server rejects, which would fail the workflow
/// task again and again. An empty list clears an attribute of any type.
const CLEARED_STATE: SearchAttributeKey<Vec<String>> = SearchAttributeKey::keyword_list("VoidingState");

/// Removes the run from the list of voidings, because it never became one.
pub(super) fn withdraw<W>(ctx: &WorkflowContext<W>) {
    if ctx.search_attributes().contains_key(&VOIDING_STATE) {
        ctx.upsert_search_attributes([CLEARED_STATE.value_set(Vec::new())]);
    }
}

fn changes(current: &SearchAttributes, view: &VoidingView) -> Vec<SearchAttributeUpdate> {
    let state = view.state.to_string();
    let ids = [
        (VOIDING_STATE, Some(state)),
        (DOCUMENT_ID, Some(view.document_id.to_string())),
        (CUSTOMER_ID, view.customer_id.as_ref().map(ToString::to_string)),
        (PROCESS_ID, view.process_id.as_ref().map(ToString::to_string)),
    ];
    let incident = view.incident.is_some();
    ids.into_iter()
        .filter_map(|(key, value)| {
            value.filter(|value| current.get(&key).as_ref() != Some(value)).map(|v| key.value_set(v))
        })
        .chain((current.get(&INCIDENT) != Some(incident)).then(|| INCIDENT.value_set(incident)))
        .collect()
}

/// Returns the current details of the run, in Markdown.
fn details(view: &VoidingView) -> String {
    let mut text = format!("**{}**", view.state);
    if let Some(failure) = &view.failure {
        text += &format!("\n\nReports refused the marking ({}): {}", failure.code, failure.detail);
        if view.acknowledgement.is_none() {
            text += "\n\nWaits for the signal `acknowledge_failure`.";
        }
    }
    if let Some(incident) = &view.incident {
        text +=
            &format!("\n\nIncident since {}: {}: {}", incident.since.to_rfc3339(), incident.command, incident.detail);
        if incident.code.is_some() {
            text += "\n\nWaits for the signal `retry`";
            text += if incident.command == "CompleteDocumentVoiding" { " or `acknowledge_failure`." } else { "." };
        }
    }
    if let Some(acknowledgement) = &view.acknowledgement {
        let by = acknowledgement.acknowledged_by.as_deref().unwrap_or("an operator");
        text += &format!("\n\nAcknowledged by {by} at {}.", acknowledgement.at.to_rfc3339());
    }
    text
}
