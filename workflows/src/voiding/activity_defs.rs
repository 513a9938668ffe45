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
    /// Idempotency key: there is no process id yet to make one of.
    pub idempotency_key: String,
}

/// The process that Billing has opened, and whose document it is.
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
    /// VoidDocument: opens a process, or answers the open one.
    #[activity(name = "VoidDocument")]
    pub fn void_document(command: RequestVoiding) -> Opened {
        unimplemented!()
    }

    /// CompleteDocumentVoiding: voids the document.
    #[activity(name = "CompleteDocumentVoiding")]
    pub fn complete_document_voiding(command: billing::DocumentVoidingCommand) {
        unimplemented!()
    }

    /// AbortDocumentVoiding: the document is issued again, and a late completion is fenced off.
    #[activity(name = "AbortDocumentVoiding")]
    pub fn abort_document_voiding(command: billing::DocumentVoidingCommand) {
        unimplemented!()
    }

    /// CloseDocumentVoiding: another process may void the document from now on.
    #[activity(name = "CloseDocumentVoiding")]
    pub fn close_document_voiding(command: billing::DocumentVoidingCommand) {
        unimplemented!()
    }
}

/// Commands to Reports.
pub struct ReportsCommands;

#[activity_definitions]
impl ReportsCommands {
    /// MarkDocumentAsVoided: takes the document out of its report's total; answers the customer that Reports knows.
    #[activity(name = "MarkDocumentAsVoided")]
    pub fn mark_document_as_voided(command: reports::DocumentMarking) -> CustomerId {
        unimplemented!()
    }

    /// UnmarkDocumentAsVoided: the document counts again.
    #[activity(name = "UnmarkDocumentAsVoided")]
    pub fn unmark_document_as_voided(command: reports::DocumentMarking) {
        unimplemented!()
    }
}
