//! Reports: adds up a customer's documents, one report at a time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CustomerId, DocumentId, Money, ProcessId, ReportId, Total};

/// `source` of Reports' events.
pub const SOURCE: &str = "/reports";

/// Body of the commands mark- and unmark-document-as-voided, and their answer. The answer's customer is the one that
/// Reports has stored, if it knows the document.
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
    /// The customer whose open report is published.
    pub customer_id: CustomerId,
}

/// Status of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportStatus {
    /// Documents are still added to it.
    Open,
    /// Sent to the customer; it no longer changes.
    Published,
}

/// A document in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedDocument {
    /// The document.
    pub document_id: DocumentId,
    /// Its amount.
    pub total: Money,
    /// Whether the document is voided. A voided document counts in no total.
    pub voided: bool,
}

/// A report of Reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The report.
    pub report_id: ReportId,
    /// The customer of the report.
    pub customer_id: CustomerId,
    /// The customer's first report is 1.
    pub number: i64,
    /// Its status.
    pub status: ReportStatus,
    /// One per currency, ordered by currency: the sum of the documents that are not voided.
    pub totals: Vec<Total>,
    /// Number of its documents.
    #[serde(default)]
    pub document_count: i64,
    /// How many of them are voided.
    #[serde(default)]
    pub voided_count: i64,
    /// Its documents, in the order of arrival. A list shows the newest 100 of each report; `GET /reports/{report_id}` shows
    /// all.
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
    /// The customer of the report.
    pub customer_id: CustomerId,
    /// The customer's first report is 1.
    pub number: i64,
    /// The totals that the customer received.
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
