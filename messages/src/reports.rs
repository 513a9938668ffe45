//! Reports: adds a customer's documents up, one report at a time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CustomerId, DocumentId, Money, ProcessId, ReportId, Total};

/// `source` of Reports' events.
pub const SOURCE: &str = "/reports";

/// Body of the commands mark- and unmark-document-as-voided, and their answer: the answer's customer is the one that
/// Reports knows the document by, where it knows the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentMarking {
    /// The document.
    pub document_id: DocumentId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// The process that voids it.
    pub process_id: ProcessId,
}

/// `POST /commands/publish-report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublishReport {
    /// Whose open report is published.
    pub customer_id: CustomerId,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportStatus {
    /// Documents are still added to it.
    Open,
    /// The customer has it; it does not change any more.
    Published,
}

/// A document as it stands in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedDocument {
    /// The document.
    pub document_id: DocumentId,
    /// What it comes to.
    pub total: Money,
    /// A voided document counts in no total.
    pub voided: bool,
}

/// A report as Reports answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The report.
    pub report_id: ReportId,
    /// Whose report it is.
    pub customer_id: CustomerId,
    /// The customer's first report is 1.
    pub number: i64,
    /// Where it stands.
    pub status: ReportStatus,
    /// One per currency, ordered by currency: the sum of the documents that are not voided.
    pub totals: Vec<Total>,
    /// Its documents, in the order in which they came.
    pub documents: Vec<ReportedDocument>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
}

/// Data of `MarkingDocumentAsVoidedSucceeded`, `MarkingDocumentAsVoidedFailed` and `DocumentUnmarkedAsVoided`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentMarked {
    /// The document.
    pub document_id: DocumentId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// The process that voids it.
    pub process_id: ProcessId,
    /// Why the marking was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Data of `ReportPublished`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportPublished {
    /// The report.
    pub report_id: ReportId,
    /// Whose report it is.
    pub customer_id: CustomerId,
    /// The customer's first report is 1.
    pub number: i64,
    /// What the customer was told.
    pub totals: Vec<Total>,
}

/// The events of Reports' log, by `type` and `data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The document is marked as voided and out of the total.
    MarkingDocumentAsVoidedSucceeded(DocumentMarked),
    /// The marking was refused.
    MarkingDocumentAsVoidedFailed(DocumentMarked),
    /// The mark was taken back.
    DocumentUnmarkedAsVoided(DocumentMarked),
    /// A report went to its customer.
    ReportPublished(ReportPublished),
}
