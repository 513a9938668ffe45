//! `POST /commands/mark-document-as-voided`: takes a document out of the total.

use axum::{extract::State, http::StatusCode};
use messages::{
    Problem,
    reports::{DocumentMarking, Event},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json};

use super::{answer, record};
use crate::{
    domain::{Marking, Outcome, mark},
    store,
};

/// Marks a document as voided by a process and takes it out of its report's total, unless the report is published.
///
/// A document that is not known yet is remembered as voided. A process marks a document once: after it was refused, or
/// has unmarked the document, its command is refused however often it comes.
#[utoipa::path(
    post,
    path = "/commands/mark-document-as-voided",
    tag = "commands",
    request_body = DocumentMarking,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "The process id"),
    ),
    responses(
        (status = 200, description = "Marked by this process", body = DocumentMarking),
        (status = 409, description = "report-published, marked-by-another-process, process-closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn mark_document_as_voided(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<DocumentMarking>,
) -> Result<Json<DocumentMarking>, ApiError> {
    headers.correlate(body.process_id.as_str());
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "mark-document-as-voided", &body).await?;
    let document = store::lock(&transaction, body.document_id.clone()).await?;
    let process = body.process_id.clone();
    let before = document.outcome(&transaction, &process).await?;
    // A mark that stands is never refused, be it that it came with another customer: its process must learn of it.
    if before != Some(Outcome::Marked)
        && let Some(earlier) = key.earlier()?
    {
        return Ok(Json(earlier.response));
    }
    let answer = answer(&document, body);
    match mark(document.standing, document.marked_by.as_ref(), &process, before) {
        Marking::RefuseAgain(refusal) => return Err(refusal.into()),
        Marking::Refuse(outcome, refusal) => {
            key.give_back(&transaction).await?;
            document.remember(&transaction, &process, outcome).await?;
            let event = Event::MarkingDocumentAsVoidedFailed;
            record(&mut transaction, &headers, &answer, Some(refusal.code()), event).await?;
            transaction.commit().await?;
            tracing::info!(document_id = %document.id, code = refusal.code(), "marking refused");
            return Err(refusal.into());
        }
        Marking::Nothing => key.keep(&transaction, StatusCode::OK, &answer).await?,
        Marking::Mark => {
            key.keep(&transaction, StatusCode::OK, &answer).await?;
            document.remember(&transaction, &process, Outcome::Marked).await?;
            document.set_mark(&transaction, Some(&process)).await?;
            record(&mut transaction, &headers, &answer, None, Event::MarkingDocumentAsVoidedSucceeded).await?;
            tracing::info!(document_id = %document.id, "marked as voided");
        }
    }
    transaction.commit().await?;
    Ok(Json(answer))
}
