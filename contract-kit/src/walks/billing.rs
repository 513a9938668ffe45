//! Billing: a document's second process voids it, after the first one was aborted and closed.

use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::{
    http::Stop,
    rules::{DOCUMENT, OPEN_PROCESSES, REFUSAL_NOT_KEPT, STATE_FIRST, VOID, VOID_KEY, VOIDING_TABLE},
    session::{Command, Sent, Session},
};

/// Maximum number of pages of open processes that the kit reads.
const MOST_PAGES: usize = 1_000;

pub(crate) async fn walk(session: &mut Session) -> Result<(), Stop> {
    let document = refused_and_issued(session).await?;
    let first = first_process(session, &document).await?;
    let second = second_process(session, &document, &first).await?;
    let completed = session.send(&step("complete", &document, &second)).await?;
    if completed.reply.is_refusal() {
        // Billing may refuse with a code of its choice.
        return Ok(());
    }
    let completed = session.accepted(VOIDING_TABLE, completed, 200).await?;
    session.expect("DocumentVoided", &document, Some(&second), &completed);
    voided(session, &document, &second).await
}

fn void(document: &str) -> Command {
    Command::new("void-document", json!({"document_id": document}))
}

/// Returns a command of a process. `name` is complete, abort or close.
fn step(name: &str, document: &str, process: &str) -> Command {
    Command::new(&format!("{name}-document-voiding"), json!({"document_id": document, "process_id": process}))
}

fn process_of(sent: &Sent) -> Result<String, Stop> {
    let process = sent.reply.body["process_id"].as_str().filter(|id| !id.is_empty());
    process.map(str::to_owned).ok_or_else(|| Stop("VoidDocument was answered without a process_id".to_owned()))
}

/// Checks that a command that was refused takes effect later, under the same key.
async fn refused_and_issued(session: &mut Session) -> Result<String, Stop> {
    let document = session.id("document");
    let refused = session.refuse(VOID, &void(&document), (404, "document-not-found")).await?;
    let total = json!({"amount": "10.00", "currency": "EUR"});
    let customer = session.run.clone();
    let body = json!({"document_id": document, "customer_id": customer, "kind": "invoice", "total": total});
    let issue = Command { path: "/documents".to_owned(), body };
    session.record(VOID, &issue, 201, ("DocumentIssued", &document, None)).await?;
    session.refuse(VOIDING_TABLE, &step("close", &document, "contract-kit-none"), (404, "process-not-found")).await?;
    let sent = session.send_prepared(refused).await?;
    session.check(REFUSAL_NOT_KEPT, &sent, sent.reply.is_success(), "202, as the document is there by now");
    let sent = if sent.reply.is_success() { sent } else { session.send(&void(&document)).await? };
    let opened = session.accepted(VOID, sent, 202).await?;
    let process = process_of(&opened)?;
    session.expect("DocumentVoidingRequested", &document, Some(&process), &opened);
    session.check_fields(VOID, &opened, &json!({"document_id": document, "customer_id": customer}));
    session.replays.push(opened);
    Ok(document)
}

async fn first_process(session: &mut Session, document: &str) -> Result<String, Stop> {
    let joined = session.accept(VOID, &void(document), 202).await?;
    let process = process_of(&joined)?;
    let voided_by = session.replays.last().cloned().filter(|sent| sent.reply.body["process_id"] == *process);
    session.check(VOID, &joined, voided_by.is_some(), "the process that is open");
    shown(session, document, json!({"status": "voiding-requested", "process_id": process}), true).await?;
    session.refuse(VOIDING_TABLE, &step("close", document, &process), (409, "not-aborted")).await?;
    for name in ["complete", "abort"] {
        let unknown = step(name, document, "contract-kit-none");
        session.refuse(VOIDING_TABLE, &unknown, (409, "process-closed")).await?;
    }
    let event = ("DocumentVoidingAborted", document, Some(process.as_str()));
    let aborted = session.record(VOIDING_TABLE, &step("abort", document, &process), 200, event).await?;
    session.check_fields(VOIDING_TABLE, &aborted, &json!({"document_id": document, "process_id": process}));
    session.accept(VOIDING_TABLE, &step("abort", document, &process), 200).await?;
    session.refuse(VOIDING_TABLE, &step("complete", document, &process), (409, "aborted")).await?;
    shown(session, document, json!({"status": "issued", "process_id": process}), true).await?;
    let event = ("DocumentVoidingClosed", document, Some(process.as_str()));
    session.record(VOIDING_TABLE, &step("close", document, &process), 200, event).await?;
    session.accept(VOIDING_TABLE, &step("close", document, &process), 200).await?;
    for name in ["complete", "abort"] {
        session.refuse(VOIDING_TABLE, &step(name, document, &process), (409, "process-closed")).await?;
    }
    // The state comes before the key that has its answer.
    let late = session.send_prepared(aborted).await?;
    session.refused(STATE_FIRST, &late, (409, "process-closed"));
    shown(session, document, json!({"status": "issued", "process_id": null}), false).await?;
    Ok(process)
}

async fn second_process(session: &mut Session, document: &str, first: &str) -> Result<String, Stop> {
    // The key comes before the state: no new process is opened.
    if let Some(opened) = session.replays.last().cloned() {
        let again = session.send_prepared(opened).await?;
        let is_first = again.reply.is_success() && again.reply.body["process_id"] == first;
        session.check(VOID_KEY, &again, is_first, &format!("202 and the process of this key, {first}"));
        if !is_first {
            session.tainted.insert(document.to_owned());
        }
    }
    let opened = session.accept(VOID, &void(document), 202).await?;
    let process = process_of(&opened)?;
    session.check(VOID, &opened, process != first, "another process than the one that is closed");
    session.expect("DocumentVoidingRequested", document, Some(&process), &opened);
    Ok(process)
}

async fn voided(session: &mut Session, document: &str, process: &str) -> Result<(), Stop> {
    session.accept(VOIDING_TABLE, &step("complete", document, process), 200).await?;
    for name in ["abort", "close"] {
        session.refuse(VOIDING_TABLE, &step(name, document, process), (409, "document-already-voided")).await?;
    }
    session.refuse(VOID, &void(document), (409, "document-already-voided")).await?;
    shown(session, document, json!({"status": "voided", "process_id": null}), false).await
}

/// Checks the document and the list of open processes.
async fn shown(session: &mut Session, document: &str, mut fields: Value, is_open: bool) -> Result<(), Stop> {
    fields["document_id"] = json!(document);
    fields["customer_id"] = json!(session.run);
    fields["total"] = json!({"amount": "10.00", "currency": "EUR"});
    let seen = session.get(DOCUMENT, &format!("/documents/{document}")).await?;
    session.check_fields(DOCUMENT, &seen, &fields);
    let mut cursor = String::new();
    for _ in 0..MOST_PAGES {
        let page = session.get(OPEN_PROCESSES, &format!("/documents?process=open&limit=200{cursor}")).await?;
        let items = page.reply.body["items"].as_array().cloned().unwrap_or_default();
        let listed = items.iter().find(|item| item["document_id"] == document);
        if let Some(listed) = listed {
            let holds = is_open && listed["process_id"] == fields["process_id"];
            let process = fields["process_id"].as_str();
            let expected = match process {
                Some(process) => format!("a list that has {document} with its open process, {process}"),
                None => format!("a list without {document}, which has no open process"),
            };
            session.check(OPEN_PROCESSES, &page, holds, &expected);
            return Ok(());
        }
        match page.reply.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", byte_serialize(next.as_bytes()).collect::<String>()),
            None => {
                session.check(
                    OPEN_PROCESSES,
                    &page,
                    !is_open,
                    &format!("a list that has {document}, whose process is open"),
                );
                return Ok(());
            }
        }
    }
    session.verdicts.skip(OPEN_PROCESSES, "there are too many open processes");
    Ok(())
}
