//! Voiding a document: `DocumentVoiding`, its task queue, its ids and its search attributes.

pub mod activity_defs;
mod begin;
mod dispatch;
mod publish;
pub mod state;
mod workflow;

use messages::{
    DocumentId,
    voiding::{VoidingInput, VoidingState},
};
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributes};

pub use process_manager_engine::publish::{INCIDENT, MEMO, NEEDS_ATTENTION, PROCESS_ID};
pub use workflow::DocumentVoiding;

/// Task queue of the worker that hosts the voiding.
pub const TASK_QUEUE: &str = "voiding";
/// Name of the workflow type.
pub const WORKFLOW_TYPE: &str = "DocumentVoiding";
const ID_PREFIX: &str = "voiding-";

/// Failure types of runs that end *Failed*.
pub mod failure_type {
    /// The input is not a `VoidingInput`, or names another document than the workflow id.
    pub const INVALID_INPUT: &str = "InvalidInput";
    /// Billing refused VoidDocument.
    pub const VOID_DOCUMENT_REFUSED: &str = "VoidDocumentRefused";
    /// An operator acknowledged the failure; the document stays issued.
    pub const FAILURE_ACKNOWLEDGED: &str = "FailureAcknowledged";
    /// Billing has closed the process, or never opened it.
    pub const PROCESS_CLOSED: &str = "ProcessClosed";
}

/// State of the process: [`VoidingState`] in kebab case.
pub const VOIDING_STATE: SearchAttributeKey<String> = SearchAttributeKey::keyword("VoidingState");
/// The document.
pub const DOCUMENT_ID: SearchAttributeKey<String> = SearchAttributeKey::keyword("DocumentId");
/// Its customer.
pub const CUSTOMER_ID: SearchAttributeKey<String> = SearchAttributeKey::keyword("CustomerId");

/// Returns the id of the workflow that voids this document. The server runs each id at most once at a time (V1).
#[must_use]
pub fn workflow_id(document_id: &DocumentId) -> String {
    format!("{ID_PREFIX}{document_id}")
}

/// Returns the document that a workflow with this id voids, or `None` if this is not the id of a voiding.
#[must_use]
pub fn document_id(workflow_id: &str) -> Option<DocumentId> {
    workflow_id.strip_prefix(ID_PREFIX)?.parse().ok()
}

/// Returns the line that Temporal's Web UI shows for a run.
#[must_use]
pub fn summary(document_id: &DocumentId) -> String {
    format!("Void document {document_id}")
}

/// Returns the search attributes that a run starts with, so that lists show it before a worker picks it up.
#[must_use]
pub fn start_attributes(input: &VoidingInput) -> SearchAttributes {
    let ids = [
        Some(DOCUMENT_ID.value_set(input.document_id.to_string())),
        input.customer_id.as_ref().map(|id| CUSTOMER_ID.value_set(id.to_string())),
        input.process_id.as_ref().map(|id| PROCESS_ID.value_set(id.to_string())),
    ];
    let state = [VOIDING_STATE.value_set(VoidingState::VoidingRequested.to_string()), INCIDENT.value_set(false)];
    SearchAttributes::new(ids.into_iter().flatten().chain(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_id_names_its_document() {
        let id: DocumentId = "INV-1".parse().unwrap();
        assert_eq!(workflow_id(&id), "voiding-INV-1");
        assert_eq!(document_id("voiding-INV-1"), Some(id));
        for other in ["INV-1", "voiding-", "voiding-a b", "transfer-1"] {
            assert_eq!(document_id(other), None, "{other}");
        }
    }
}
