//! The published state of a voiding: query, memo and REST.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CustomerId, DocumentId, ProcessId};

/// Input of the workflow `DocumentVoiding`. Unknown fields are ignored.
///
/// With `document_id` alone, the process first asks Billing for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoidingInput {
    /// The document to void.
    pub document_id: DocumentId,
    /// Its customer, as Billing said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The process that Billing opened for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<ProcessId>,
}

/// State of a voiding process, written in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VoidingState {
    /// Requested; Reports has not answered yet.
    VoidingRequested,
    /// Reports took the document out of its total.
    MarkingDocumentAsVoidedSucceeded,
    /// Reports refused; an operator has to acknowledge the failure.
    MarkingDocumentAsVoidedFailed,
    /// The document is voided. Final.
    DocumentVoided,
    /// The failure was acknowledged; the document stays issued. Final.
    FailureAcknowledged,
}

impl VoidingState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::VoidingRequested,
        Self::MarkingDocumentAsVoidedSucceeded,
        Self::MarkingDocumentAsVoidedFailed,
        Self::DocumentVoided,
        Self::FailureAcknowledged,
    ];

    /// Returns the state's name, in kebab case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VoidingRequested => "voiding-requested",
            Self::MarkingDocumentAsVoidedSucceeded => "marking-document-as-voided-succeeded",
            Self::MarkingDocumentAsVoidedFailed => "marking-document-as-voided-failed",
            Self::DocumentVoided => "document-voided",
            Self::FailureAcknowledged => "failure-acknowledged",
        }
    }

    /// Returns whether the state is final; a final state is never left.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::DocumentVoided | Self::FailureAcknowledged)
    }
}

impl fmt::Display for VoidingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "state must be one of voiding-requested, marking-document-as-voided-succeeded, marking-document-as-voided-failed, document-voided and failure-acknowledged"
)]
pub struct UnknownState;

impl FromStr for VoidingState {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownState)
    }
}

/// A refused marking: the process waits for its acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// `<process id>/<counter>`: a signal may carry it to mean this failure and no other.
    pub failure_id: String,
    /// The refusal's stable code.
    pub code: String,
    /// Description of the refusal.
    pub detail: String,
    /// Time when the refusal was recorded.
    pub at: DateTime<Utc>,
}

/// A stalled command (clears when it succeeds), or a refused one (waits for an operator).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// `<process id>/<counter>`: a signal may carry it to mean this incident and no other.
    pub failure_id: String,
    /// Name of the command.
    pub command: String,
    /// The refusal's stable code; absent for a stalled command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Description of the problem.
    pub detail: String,
    /// Start of the incident.
    pub since: DateTime<Utc>,
}

/// An operator's acknowledgement of a failure or of a refused completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    /// Name of the operator; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// The reason, or the action taken; at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Time when it took effect.
    pub at: DateTime<Utc>,
}

/// A state, and the time when it was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The state.
    pub state: VoidingState,
    /// Time when the state was reached.
    pub at: DateTime<Utc>,
}

/// Answer of the query `state`, and value of the memo field of that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoidingView {
    /// State of the process.
    pub state: VoidingState,
    /// The process; `null` until Billing has answered.
    pub process_id: Option<ProcessId>,
    /// The document.
    pub document_id: DocumentId,
    /// Its customer; `null` until Billing has answered.
    pub customer_id: Option<CustomerId>,
    /// The refused marking, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The incident that keeps the process from continuing, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// The acknowledgement, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
    /// The states that were reached, oldest first.
    pub steps: Vec<Step>,
}
