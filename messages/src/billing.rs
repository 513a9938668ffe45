//! Billing: issues documents, and voids them on request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CustomerId, DocumentId, Money, ProcessId};

/// `source` of Billing's events.
pub const SOURCE: &str = "/billing";

/// Kind of a document. It has no effect on a report's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// An invoice.
    Invoice,
    /// A receipt.
    Receipt,
    /// A credit note.
    CreditNote,
}

/// Status of a document in Billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentStatus {
    /// Issued; no process is voiding it.
    Issued,
    /// A process is voiding it.
    VoidingRequested,
    /// Voided. Final.
    Voided,
}

/// `POST /documents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueDocument {
    /// The document's id. Default: a new UUIDv7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
    /// The customer that it is issued to.
    pub customer_id: CustomerId,
    /// Its kind.
    pub kind: DocumentKind,
    /// Its amount.
    #[serde(deserialize_with = "crate::money::paid")]
    pub total: Money,
}

/// A document of Billing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// The document.
    pub document_id: DocumentId,
    /// The customer that it was issued to.
    pub customer_id: CustomerId,
    /// Its kind.
    pub kind: DocumentKind,
    /// Its amount.
    pub total: Money,
    /// Its status.
    pub status: DocumentStatus,
    /// The open process (requested or aborted, not yet closed), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<ProcessId>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it was voided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided_at: Option<DateTime<Utc>>,
}

/// `POST /commands/void-document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoidDocument {
    /// The document to void.
    pub document_id: DocumentId,
}

/// Body of the commands complete-, abort- and close-document-voiding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentVoidingCommand {
    /// The document that is being voided.
    pub document_id: DocumentId,
    /// The process that voids it.
    pub process_id: ProcessId,
}

/// A document, its customer and the process that voids it: the data of all voiding events, and the answer to
/// each voiding command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentVoiding {
    /// The document that is being voided.
    pub document_id: DocumentId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// The process that voids it.
    pub process_id: ProcessId,
}

/// Data of `DocumentIssued`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentIssued {
    /// The document.
    pub document_id: DocumentId,
    /// The customer that it was issued to.
    pub customer_id: CustomerId,
    /// Its kind.
    pub kind: DocumentKind,
    /// Its amount.
    pub total: Money,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
}

/// The events of Billing's log, by `type` and `data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// A document was issued.
    DocumentIssued(DocumentIssued),
    /// A document is to be voided by its own process.
    DocumentVoidingRequested(DocumentVoiding),
    /// The document is voided.
    DocumentVoided(DocumentVoiding),
    /// The document is issued again; its process is still open.
    DocumentVoidingAborted(DocumentVoiding),
    /// The process is closed; the document can be voided by another one.
    DocumentVoidingClosed(DocumentVoiding),
}
