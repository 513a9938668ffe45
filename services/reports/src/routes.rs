//! Reports' routes.

mod mark_document_as_voided;
mod publish_report;
mod reports;
mod unmark_document_as_voided;

use messages::reports::{DocumentMarked, DocumentMarking, Event};
use service_kit::{ApiError, CommandTransaction, Database};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::store::LockedDocument;

/// Returns the routes of reports and of commands.
pub(crate) fn routes() -> OpenApiRouter<Database> {
    OpenApiRouter::new()
        .routes(routes!(reports::list_reports))
        .routes(routes!(reports::get_report))
        .routes(routes!(mark_document_as_voided::mark_document_as_voided))
        .routes(routes!(unmark_document_as_voided::unmark_document_as_voided))
        .routes(routes!(publish_report::publish_report))
}

/// Returns a command's answer. For a document that Reports knows, it names the customer that Billing has announced.
fn answer(document: &LockedDocument, command: DocumentMarking) -> DocumentMarking {
    let known = document.known.as_ref().map(|known| known.customer_id.clone());
    DocumentMarking { customer_id: known.unwrap_or(command.customer_id), ..command }
}

/// Records an event about a marking.
fn record(
    tx: &mut CommandTransaction,
    marking: &DocumentMarking,
    code: Option<&str>,
    event: fn(DocumentMarked) -> Event,
) -> Result<(), ApiError> {
    let event = event(DocumentMarked {
        document_id: marking.document_id.clone(),
        customer_id: marking.customer_id.clone(),
        process_id: marking.process_id.clone(),
        code: code.map(str::to_owned),
    });
    tx.record_in_process(marking.process_id.as_str(), marking.document_id.as_str(), &event)
}
