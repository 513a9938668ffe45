//! Reports' routes, one file each.

mod get_report;
mod list_reports;
mod mark_document_as_voided;
mod publish_report;
mod unmark_document_as_voided;

use axum::http::StatusCode;
use messages::{
    CustomerId,
    reports::{DocumentMarked, DocumentMarking, Event},
};
use sea_orm::DbErr;
use service_kit::{ApiError, CommandHeaders, Database, NewEvent, Transaction, append, problem};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{domain::Refusal, store::LockedDocument};

/// The routes of reports and of commands.
pub(crate) fn routes(database: Database) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_reports::list_reports))
        .routes(routes!(get_report::get_report))
        .routes(routes!(mark_document_as_voided::mark_document_as_voided))
        .routes(routes!(unmark_document_as_voided::unmark_document_as_voided))
        .routes(routes!(publish_report::publish_report))
        .with_state(database)
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = if refusal.is_not_found() { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
        problem(status, refusal.code(), refusal.to_string())
    }
}

/// A command's answer: where Reports knows the document, it goes by the customer that it knows.
fn answer(document: &LockedDocument, command: DocumentMarking) -> DocumentMarking {
    let known: Option<&CustomerId> = document.known.as_ref().map(|known| &known.customer_id);
    DocumentMarking { customer_id: known.cloned().unwrap_or(command.customer_id), ..command }
}

/// Appends an event about a marking.
async fn record(
    transaction: &mut Transaction,
    headers: &CommandHeaders,
    marking: &DocumentMarking,
    code: Option<&str>,
    event: fn(DocumentMarked) -> Event,
) -> Result<(), DbErr> {
    let event = event(DocumentMarked {
        document_id: marking.document_id.clone(),
        customer_id: marking.customer_id.clone(),
        process_id: marking.process_id.clone(),
        code: code.map(str::to_owned),
    });
    let (document, process) = (marking.document_id.as_str(), marking.process_id.as_str());
    let event = NewEvent::new(&event, document, Some(process), &headers.causation_id)?;
    append(transaction, vec![event]).await
}
