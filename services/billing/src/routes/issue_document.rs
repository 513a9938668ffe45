//! `POST /documents`: issues a document.

use messages::{
    DocumentId,
    billing::{Document, DocumentIssued, DocumentStatus, Event, IssueDocument},
};
use service_kit::{Answer, ApiError, Command, CommandHeaders, CommandProblems, Done, new_id, now};

use crate::{domain::Refusal, store};

/// Issues a document. The same id with the same content again answers the document as it is now.
#[utoipa::path(
    post,
    path = "/documents",
    tag = "documents",
    request_body = IssueDocument,
    params(CommandHeaders),
    responses(
        (status = 201, description = "Issued", body = Document, headers(("location" = String))),
        (status = 200, description = "It was issued before", body = Document, headers(("location" = String))),
        (status = 409, description = "document-exists"),
        CommandProblems,
    )
)]
pub(super) async fn issue_document(command: Command<IssueDocument>) -> Result<Answer<Document>, ApiError> {
    let answer = command.run("issue-document", async |tx, body| {
        let new = document(body)?;
        if store::insert(tx, &new).await? {
            tx.record(new.document_id.as_str(), &issued(&new))?;
            return Ok(Done::created(new));
        }
        let existing = store::lock(tx, &new.document_id).await?.ok_or(Refusal::DocumentNotFound)?;
        if content(&existing) != content(&new) {
            return Err(Refusal::DocumentExists.into());
        }
        Ok(Done::ok(existing))
    });
    Ok(answer.await?.located(|document| format!("/documents/{}", document.document_id)))
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

/// Returns the content that makes two documents with one id the same.
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
