//! What is wrong with a process, and what to do about it, in words.

use maud::{Markup, html};
use messages::{
    code,
    voiding::{Failure, Incident},
};

use crate::console::{
    processes::{Row, acknowledge_form, retry_form},
    visitor::Visitor,
    words,
};

/// Failure and incident with what can be done; nothing where all is well.
pub(super) fn advice(visitor: &Visitor, row: &Row) -> Markup {
    let view = &row.voiding.view;
    let failure = view.failure.as_ref().filter(|_| view.acknowledgement.is_none() && !view.state.is_final());
    html! {
        @if let Some(failure) = failure { (of_failure(visitor, row, failure)) }
        @if let Some(incident) = &view.incident { (of_incident(visitor, row, incident)) }
    }
}

fn of_failure(visitor: &Visitor, row: &Row, failure: &Failure) -> Markup {
    html! {
        section class="card advice failure" aria-labelledby="failure" {
            h2 id="failure" { "Waits for you: Reports refused" }
            p class="detail" { code { (failure.code) } " " (failure.detail) }
            p { (reason(&failure.code)) " When that is settled, acknowledge: the process ends, and the document stays issued." }
            @if let Some(failure_id) = &row.to_acknowledge {
                (acknowledge_form(visitor, view_id(row), failure_id))
            }
        }
    }
}

fn of_incident(visitor: &Visitor, row: &Row, incident: &Incident) -> Markup {
    let command = words::command(&incident.command);
    html! {
        section class="card advice incident" aria-labelledby="incident" {
            @if let Some(code) = &incident.code {
                h2 id="incident" { "Waits for you: " (command) " was refused" }
                p class="detail" { code { (code) } " " (incident.detail) }
                p {
                    "Retry once the reason is gone."
                    @if row.to_acknowledge.is_some() {
                        " Or acknowledge: the marking is taken back, and the document stays issued."
                    }
                }
            } @else {
                h2 id="incident" { (command) " does not get through" }
                p class="detail" { (incident.detail) }
                p {
                    "It is tried again by itself, at least every 30 s, and the incident clears when it gets through. See \
                     whether " (service(&incident.command)) " is up; there is nothing to do here."
                }
            }
            @if let Some(failure_id) = &row.to_retry { (retry_form(visitor, view_id(row), failure_id)) }
            @if let Some(failure_id) = &row.to_acknowledge { (acknowledge_form(visitor, view_id(row), failure_id)) }
        }
    }
}

fn view_id(row: &Row) -> &str {
    row.voiding.view.document_id.as_str()
}

fn reason(of: &str) -> &'static str {
    match of {
        code::REPORT_PUBLISHED => {
            "The customer has the report that this document stands in, so it cannot be voided any more: correct it with \
             another document, such as a credit note, and tell the customer."
        }
        code::MARKED_BY_ANOTHER_PROCESS => {
            "Another process has marked this document in Reports: look at how that one ended before anything else."
        }
        _ => "Find out from the code and the words above why Reports refused.",
    }
}

fn service(command: &str) -> &'static str {
    match command {
        "MarkDocumentAsVoided" | "UnmarkDocumentAsVoided" => "Reports",
        _ => "Billing",
    }
}
