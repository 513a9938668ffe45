//! The actions of the console's buttons: plain forms, answered with a notice.

use axum::{extract::State, response::Response};
use futures::{StreamExt, stream};
use messages::{
    CustomerId, DocumentId, Money, ReportId,
    billing::{DocumentKind, IssueDocument},
};
use process_manager_client::http::{CommandError, Envelope};
use voiding_client::VoidError;

use crate::{
    form::Fields,
    pages::ISSUE,
    services,
    session::Notice,
    signals::{ActionError, Wish, send},
    sources::Sources,
    view::Target,
};

const SELECTION: &str = "selection";
/// Maximum number of signals in flight at the same time.
const AT_ONCE: usize = 8;
/// Maximum number of reasons to show.
const REASONS: usize = 3;

/// `POST /console/acknowledge`, `/console/instance/acknowledge`: acknowledges exactly the failure that the page has
/// shown.
pub(crate) async fn acknowledge(State(sources): State<Sources>, fields: Fields) -> Response {
    let sent = async {
        let (target, failure_id) = shown(&fields)?;
        send(&sources, &target, &failure_id, &Wish::acknowledge(&fields)).await?;
        Ok(format!("the failure of {} is acknowledged; its process ends now", target.id()))
    };
    answer(&fields, sent.await)
}

/// `POST /console/retry`, `/console/instance/retry`: retries exactly what the page has shown.
pub(crate) async fn retry(State(sources): State<Sources>, fields: Fields) -> Response {
    let sent = async {
        let (target, failure_id) = shown(&fields)?;
        send(&sources, &target, &failure_id, &Wish::Retry).await?;
        Ok(format!("{} is retried", target.id()))
    };
    answer(&fields, sent.await)
}

/// The result for one of several processes: its box, its id, and the reason if nothing was done.
struct Sent {
    value: String,
    id: String,
    result: Result<(), ActionError>,
}

/// `POST /console/selection`: acknowledges or retries all selected processes.
pub(crate) async fn selection(State(sources): State<Sources>, fields: Fields) -> Response {
    // `<document id> <failure id>`
    let read = |value: &str| {
        let (document_id, failure_id) = value.split_once(' ')?;
        Some((value.to_owned(), Target::Voiding(document_id.parse().ok()?), failure_id.to_owned()))
    };
    let selected: Vec<_> = fields.all("selected").filter_map(read).collect();
    if selected.is_empty() {
        return fields.answer(&Notice::refused(SELECTION, "nothing is selected"));
    }
    let (wish, done) = match fields.text("action") {
        Some("retry") => (Wish::Retry, "retried"),
        Some("acknowledge") => (Wish::acknowledge(&fields), "acknowledged"),
        _ => return fields.answer(&Notice::refused(SELECTION, "the form names no action; load the page again")),
    };
    let (sources, wish) = (&sources, &wish);
    let results = stream::iter(selected.into_iter().map(|(value, target, failure_id)| async move {
        let result = send(sources, &target, &failure_id, wish).await;
        Sent { value, id: target.id().to_owned(), result }
    }));
    let results: Vec<_> = results.buffer_unordered(AT_ONCE).collect().await;
    let (mut notice, failed) = summary(results, done);
    if let (Wish::Acknowledge { note: Some(note), .. }, false) = (wish, failed.is_empty()) {
        notice.text.push_str(&format!(". Your note was not recorded for them: “{note}”"));
    }
    fields.answer_of_several(&notice, &failed)
}

/// Returns the notice about several processes, and the boxes of those for which nothing was done.
fn summary(results: Vec<Sent>, done: &str) -> (Notice, Vec<String>) {
    let all = results.len();
    let failed = results.into_iter().filter_map(|sent| Some((sent.value, sent.id, sent.result.err()?)));
    let (failed, reasons): (Vec<_>, Vec<_>) =
        failed.map(|(value, id, error)| (value, format!("{id}: {error}"))).unzip();
    let text = format!("{} of {all} {done}", all - failed.len());
    if failed.is_empty() {
        return (Notice::done(SELECTION, text), failed);
    }
    let more = reasons.len().saturating_sub(REASONS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let reasons = reasons.into_iter().take(REASONS).collect::<Vec<_>>().join("; ");
    (Notice::refused(SELECTION, format!("{text}. {reasons}{more}")), failed)
}

fn shown(fields: &Fields) -> Result<(Target, String), ActionError> {
    let target = Target::read(fields).ok_or(ActionError::Incomplete)?;
    let failure_id = fields.exact("failure_id").filter(|id| !id.is_empty()).ok_or(ActionError::Incomplete)?;
    Ok((target, failure_id.to_owned()))
}

fn answer(fields: &Fields, sent: Result<String, ActionError>) -> Response {
    let about = fields.about(if fields.exact("process_id").is_some() { "process_id" } else { "document_id" });
    fields.answer(&match sent {
        Ok(done) => Notice::done(about, done),
        Err(error) => {
            // The form disappears with the failure, and so does the text typed into it.
            let note = fields.text("note").filter(|_| error.is_about_the_process());
            let note = note.map(|note| format!(". Your note was not recorded: “{note}”")).unwrap_or_default();
            Notice::refused(about, format!("{about}: {error}{note}"))
        }
    })
}

/// `POST /console/void`: voids a document.
pub(crate) async fn void(State(sources): State<Sources>, fields: Fields) -> Response {
    let about = fields.about("document_id").trim();
    let notice = match about.parse::<DocumentId>() {
        Ok(document_id) => void_document(&sources, document_id).await,
        Err(error) => Notice::refused(about, error.to_string()),
    };
    sources.wake();
    fields.answer(&notice)
}

async fn void_document(sources: &Sources, document_id: DocumentId) -> Notice {
    let id = document_id.to_string();
    match sources.voidings.void(document_id, &Envelope::default()).await {
        Ok(accepted) => {
            service_kit::correlate(accepted.process_id.as_str());
            if let Err(error) = sources.voidings.start(&accepted).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "{id} could not be started; the worker's subscription will start it");
            }
            let text = format!("the voiding of {id} is under way");
            Notice::done(id, text)
        }
        Err(error) => Notice::refused(id.clone(), format!("{id}: {}", not_voided(error))),
    }
}

fn not_voided(error: VoidError) -> String {
    match error {
        VoidError::Refused(problem) => explain(&CommandError::Refused(problem), "Billing"),
        error => {
            tracing::warn!(error = &error as &dyn std::error::Error, "Billing did not answer the request to void");
            match error {
                VoidError::Unknown(_) => format!(
                    "{error}. Look at the document, or void it again: no second voiding begins while one is under way"
                ),
                error => error.to_string(),
            }
        }
    }
}

/// `POST /console/publish`: publishes a customer's open report.
pub(crate) async fn publish(State(sources): State<Sources>, fields: Fields) -> Response {
    let about = fields.about("customer_id").trim();
    let report: Option<ReportId> = fields.text("report_id").and_then(|id| id.parse().ok());
    let notice = match (about.parse::<CustomerId>(), report) {
        (Ok(customer_id), Some(report_id)) => {
            // If clicked twice, it publishes this report once, and does not also publish the next one.
            let key = format!("console/publish/{report_id}");
            match services::publish(&sources.reports, customer_id, key).await {
                Ok(report) => {
                    Notice::done(about, format!("report No. {} of {} is published", report.number, report.customer_id))
                }
                Err(error) => Notice::refused(about, explain(&error, "Reports")),
            }
        }
        (Err(error), _) => Notice::refused(about, error.to_string()),
        (_, None) => Notice::refused(about, "the form names no report; load the page again"),
    };
    sources.wake();
    fields.answer(&notice)
}

/// `POST /console/issue`: issues a document.
pub(crate) async fn issue(State(sources): State<Sources>, fields: Fields) -> Response {
    let document = match document(&fields) {
        Ok(document) => document,
        Err(reason) => return fields.answer(&Notice::refused(ISSUE, reason)),
    };
    let notice = match services::issue(sources.voidings.billing(), &document).await {
        Ok(issued) => {
            let (id, customer) = (&issued.document_id, &issued.customer_id);
            Notice::done(id.as_str(), format!("{id} is issued for {customer}"))
        }
        Err(error) => Notice::refused(ISSUE, explain(&error, "Billing")),
    };
    sources.wake();
    fields.answer(&notice)
}

/// Returns the document that the form describes, or the reason why it describes none.
fn document(fields: &Fields) -> Result<IssueDocument, String> {
    let text = |name: &str| fields.text(name).unwrap_or_default();
    let document_id = fields.text("document_id").map(str::parse).transpose();
    let kind = match text("kind") {
        "" | "invoice" => DocumentKind::Invoice,
        "receipt" => DocumentKind::Receipt,
        "credit-note" => DocumentKind::CreditNote,
        _ => return Err("kind: must be invoice, receipt or credit-note".to_owned()),
    };
    Ok(IssueDocument {
        document_id: document_id.map_err(|error| format!("document: {error}"))?,
        customer_id: text("customer_id").parse().map_err(|error| format!("customer: {error}"))?,
        kind,
        total: Money::parse(text("amount"), &text("currency").to_uppercase()).map_err(|error| error.to_string())?,
    })
}

/// Returns a service's answer in words: its own words if it refused, else what the error means.
fn explain(error: &CommandError, service: &str) -> String {
    match error {
        CommandError::Refused(problem) if problem.detail.is_empty() => problem.code.clone(),
        CommandError::Refused(problem) => format!("{} ({})", problem.detail, problem.code),
        CommandError::Fault(fault) => {
            tracing::warn!(error = fault as &dyn std::error::Error, "{service} did not carry out the command");
            if fault.had_no_effect() {
                format!("{service} cannot be reached or cannot work now; nothing has changed, so try again later")
            } else {
                format!(
                    "{service} has not answered in time; it may have done it all the same, so look before you try again"
                )
            }
        }
    }
}
