//! `POST /documents`: issues a document.

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use messages::{
    DocumentId, Problem,
    billing::{Document, DocumentIssued, DocumentStatus, Event, IssueDocument},
};
use service_kit::{ApiError, CommandHeaders, Database, IdempotencyKey, Json, NewEvent, append, new_id, now};

use crate::{domain::Refusal, store};

type Answer = (StatusCode, [(HeaderName, String); 1], Json<Document>);

/// Issues a document. The same id with the same content again answers the document as it is now.
#[utoipa::path(
    post,
    path = "/documents",
    tag = "documents",
    request_body = IssueDocument,
    params(
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated request take effect once"),
        ("x-correlation-id" = Option<String>, Header, description = "Becomes the `correlationid` of the event"),
    ),
    responses(
        (status = 201, description = "Issued", body = Document, headers(("location" = String))),
        (status = 200, description = "It was issued before", body = Document, headers(("location" = String))),
        (status = 409, description = "document-exists", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-body, idempotency-key-reused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn issue_document(
    State(database): State<Database>,
    headers: CommandHeaders,
    Json(body): Json<IssueDocument>,
) -> Result<Answer, ApiError> {
    let mut transaction = database.begin().await?;
    let key = IdempotencyKey::take(&transaction, &headers, "issue-document", &body).await?;
    if let Some(earlier) = key.earlier()? {
        return Ok(answer(earlier.status, earlier.response));
    }
    let new = document(body)?;
    if store::insert(&transaction, &new).await? {
        key.keep(&transaction, StatusCode::CREATED, &new).await?;
        let correlation = headers.correlation_id.as_deref();
        let event = NewEvent::new(&issued(&new), new.document_id.as_str(), correlation, &headers.causation_id)?;
        append(&mut transaction, vec![event]).await?;
        transaction.commit().await?;
        return Ok(answer(StatusCode::CREATED, new));
    }
    let existing = store::lock(&transaction, &new.document_id).await?.ok_or(Refusal::DocumentNotFound)?;
    if content(&existing) != content(&new) {
        return Err(Refusal::DocumentExists.into());
    }
    key.keep(&transaction, StatusCode::OK, &existing).await?;
    transaction.commit().await?;
    Ok(answer(StatusCode::OK, existing))
}

fn document(body: IssueDocument) -> Result<Document, ApiError> {
    let document_id = match body.document_id {
        Some(id) => id,
        None => DocumentId::try_from(new_id()).map_err(ApiError::internal)?,
    };
    Ok(Document {
        document_id,
        customer_id: body.customer_id,
        kind: body.kind,
        total: body.total,
        status: DocumentStatus::Issued,
        process_id: None,
        issued_at: now(),
        voided_at: None,
    })
}

/// What makes two documents of one id the same.
fn content(document: &Document) -> impl PartialEq {
    (document.customer_id.clone(), document.kind, document.total)
}

fn issued(document: &Document) -> Event {
    Event::DocumentIssued(DocumentIssued {
        document_id: document.document_id.clone(),
        customer_id: document.customer_id.clone(),
        kind: document.kind,
        total: document.total,
        issued_at: document.issued_at,
    })
}

fn answer(status: StatusCode, document: Document) -> Answer {
    let location = format!("/documents/{}", document.document_id);
    (status, [(header::LOCATION, location)], Json(document))
}
