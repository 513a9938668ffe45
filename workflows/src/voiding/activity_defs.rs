//! The commands of the voiding as typed activities; crate `activities` implements them.

#![expect(missing_docs, reason = "the macro makes undocumented items of the documented methods")]

use messages::{CustomerId, ProcessId, billing, reports};
use serde::{Deserialize, Serialize};
use temporalio_macros::activity_definitions;

/// Asks Billing to open a process that voids the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestVoiding {
    /// The command.
    pub command: billing::VoidDocument,
    /// Idempotency key. There is no process id yet to derive it from.
    pub idempotency_key: String,
}

/// The process that Billing has opened, and the document's customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The process.
    pub process_id: ProcessId,
    /// The document's customer.
    pub customer_id: CustomerId,
}

pub use self::{billing_commands::*, reports_commands::*};

/// Commands to Billing.
pub struct BillingCommands;

#[activity_definitions]
impl BillingCommands {
    /// VoidDocument: opens a process, or returns the open one.
    #[activity(name = "VoidDocument")]
    pub fn void_document(command: RequestVoiding) -> Opened {
        unimplemented!()
    }

    /// CompleteDocumentVoiding: voids the document.
    #[activity(name = "CompleteDocumentVoiding")]
    pub fn complete_document_voiding(command: billing::DocumentVoidingCommand) {
        unimplemented!()
    }

    /// AbortDocumentVoiding: returns the document to issued, and fences off a late completion.
    #[activity(name = "AbortDocumentVoiding")]
    pub fn abort_document_voiding(command: billing::DocumentVoidingCommand) {
        unimplemented!()
    }

    /// CloseDocumentVoiding: lets another process void the document.
    #[activity(name = "CloseDocumentVoiding")]
    pub fn close_document_voiding(command: billing::DocumentVoidingCommand) {
        unimplemented!()
    }
}

/// Commands to Reports.
pub struct ReportsCommands;

#[activity_definitions]
impl ReportsCommands {
    /// MarkDocumentAsVoided: takes the document out of its report's total. Returns the customer that Reports has
    /// stored.
    #[activity(name = "MarkDocumentAsVoided")]
    pub fn mark_document_as_voided(command: reports::DocumentMarking) -> CustomerId {
        unimplemented!()
    }

    /// UnmarkDocumentAsVoided: counts the document again.
    #[activity(name = "UnmarkDocumentAsVoided")]
    pub fn unmark_document_as_voided(command: reports::DocumentMarking) {
        unimplemented!()
    }
}
