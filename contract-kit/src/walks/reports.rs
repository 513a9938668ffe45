//! Reports: marks and unmarks documents that it does not know.

use serde_json::json;

use crate::{
    http::Stop,
    rules::{ANOTHER_PROCESS, LATE_MARK, MARK, UNMARK},
    session::{Command, Session},
};

pub(crate) const MARKED: &str = "MarkingDocumentAsVoidedSucceeded";
pub(crate) const NOT_MARKED: &str = "MarkingDocumentAsVoidedFailed";
pub(crate) const UNMARKED: &str = "DocumentUnmarkedAsVoided";

pub(crate) async fn walk(session: &mut Session) -> Result<(), Stop> {
    let document = session.id("document");
    let [first, second, third] = [session.id("process"), session.id("process"), session.id("process")];
    let marked =
        session.record(MARK, &mark(session, &document, &first), 200, (MARKED, &document, Some(&first))).await?;
    let fields = json!({"document_id": document, "customer_id": session.run, "process_id": first});
    session.check_fields(MARK, &marked, &fields);
    session.accept(MARK, &mark(session, &document, &first), 200).await?;
    refused(session, &document, &second).await?;

    let unmarked = session.accept(UNMARK, &unmark(session, &document, &second), 200).await?;
    session.check_fields(UNMARK, &unmarked, &json!({"document_id": document, "process_id": second}));
    // The first process still has its mark.
    refused(session, &document, &third).await?;
    let event = (UNMARKED, document.as_str(), Some(first.as_str()));
    session.record(UNMARK, &unmark(session, &document, &first), 200, event).await?;
    session.accept(UNMARK, &unmark(session, &document, &first), 200).await?;
    let never = session.id("document");
    session.accept(UNMARK, &unmark(session, &never, &first), 200).await?;
    late(session).await
}

pub(crate) fn mark(session: &Session, document: &str, process: &str) -> Command {
    let body = json!({"document_id": document, "customer_id": session.run, "process_id": process});
    Command::new("mark-document-as-voided", body)
}

pub(crate) fn unmark(session: &Session, document: &str, process: &str) -> Command {
    let body = json!({"document_id": document, "customer_id": session.run, "process_id": process});
    Command::new("unmark-document-as-voided", body)
}

/// Checks a refusal because another process has marked the document.
async fn refused(session: &mut Session, document: &str, process: &str) -> Result<(), Stop> {
    let command = mark(session, document, process);
    let sent = session.refuse(ANOTHER_PROCESS, &command, (409, "marked-by-another-process")).await?;
    if sent.reply.is_success() {
        session.tainted.insert(document.to_owned());
    } else {
        session.expect(NOT_MARKED, document, Some(process), &sent);
    }
    Ok(())
}

/// Sends a late duplicate of a process's Mark, after its Unmark. Its answer is free; its effect shows in the answer to
/// another process.
async fn late(session: &mut Session) -> Result<(), Stop> {
    let document = session.id("document");
    let [first, other] = [session.id("process"), session.id("process")];
    session.tainted.insert(document.clone());
    let marked = session.accept(MARK, &mark(session, &document, &first), 200).await?;
    session.accept(UNMARK, &unmark(session, &document, &first), 200).await?;
    session.send_prepared(marked).await?;
    session.send(&mark(session, &document, &first)).await?;
    let sent = session.send(&mark(session, &document, &other)).await?;
    session.check(LATE_MARK, &sent, sent.reply.is_success(), "200, as the late duplicate has marked nothing");
    Ok(())
}
