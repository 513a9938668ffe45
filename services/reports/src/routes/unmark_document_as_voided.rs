//! `POST /commands/unmark-document-as-voided`: takes a mark back.

use axum::{extract::State, http::StatusCode};
use messages::{
    Problem,
    reports::{DocumentMarking, Event},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json};

use super::{answer, record};
use crate::{
    domain::{Outcome, Unmarking, unmark},
    store,
};

/// Takes back the mark that a process has set; never refused, and without effect when another process marked the document.
///
/// A document that was left out of a published report counts in the customer's next one: what was published stays.
/// A mark of this process that arrives later is refused.
#[utoipa::path(
    post,
    path = "/commands/unmark-document-as-voided",
    tag = "commands",
    request_body = DocumentMarking,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated command take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "The process id"),
    ),
    responses(
        (status = 200, description = "This process has no mark on the document", body = DocumentMarking),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn unmark_document_as_voided(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<DocumentMarking>,
) -> Result<Json<DocumentMarking>, ApiError> {
    headers.correlate(body.process_id.as_str());
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "unmark-document-as-voided", &body).await?;
    if let Some(earlier) = key.earlier()? {
        return Ok(Json(earlier.response));
    }
    let document = store::lock(&transaction, body.document_id.clone()).await?;
    let process = body.process_id.clone();
    let effect = unmark(document.standing, document.outcome(&transaction, &process).await?);
    let answer = answer(&document, body);
    key.keep(&transaction, StatusCode::OK, &answer).await?;
    if effect != Unmarking::Nothing {
        document.remember(&transaction, &process, Outcome::Unmarked).await?;
    }
    if matches!(effect, Unmarking::CountAgain | Unmarking::CountInNext | Unmarking::Forget) {
        document.set_mark(&transaction, None).await?;
        if let (Unmarking::CountInNext, Some(known)) = (effect, &document.known) {
            document.enter(&transaction, known, false).await?;
        }
        record(&mut transaction, &headers, &answer, None, Event::DocumentUnmarkedAsVoided).await?;
        tracing::info!(document_id = %document.id, "unmarked as voided");
    }
    transaction.commit().await?;
    Ok(Json(answer))
}
