//! The table of processes: a row each, with what can be done about it, and a form for those that are selected.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::voiding::{MAX_ACKNOWLEDGED_BY, MAX_NOTE};

use super::listing::{Listing, Row};
use crate::console::{form, visitor::Visitor, words};

/// The table.
pub(super) fn table(visitor: &Visitor, listing: &Listing, now: DateTime<Utc>) -> Markup {
    let can_select = listing.rows.iter().any(Row::waits_for_a_person);
    html! {
        @if can_select { (selection_form(visitor)) }
        div class="table" {
            table class={ "processes" @if can_select { " selectable" } } {
                caption class="unseen" { "Processes" }
                thead {
                    tr {
                        @if can_select { th scope="col" { span class="unseen" { "Select" } } }
                        th scope="col" { "Document" }
                        th scope="col" { "Customer" }
                        th scope="col" { "State" }
                        th scope="col" { "Age" }
                        th scope="col" { "Last step" }
                        th scope="col" { "Actions" }
                    }
                }
                tbody { @for row in &listing.rows { (process(visitor, row, can_select, now)) } }
            }
        }
    }
}

impl Row {
    fn waits_for_a_person(&self) -> bool {
        self.to_acknowledge.is_some() || self.to_retry.is_some()
    }
}

fn process(visitor: &Visitor, row: &Row, can_select: bool, now: DateTime<Utc>) -> Markup {
    let view = &row.voiding.view;
    let id = &view.document_id;
    let failure_id = row.to_acknowledge.as_ref().or(row.to_retry.as_ref());
    html! {
        tr id={ "process-" (id) } {
            @if can_select {
                td class="select" {
                    @if let Some(failure_id) = failure_id {
                        input type="checkbox" form="selection" name="selected" value={ (id) " " (failure_id) }
                            id={ "select-" (id) } aria-label={ "Select " (id) };
                    }
                }
            }
            td data-label="Document" { a class="id" href={ "/processes/" (id) } { (id) } }
            td data-label="Customer" {
                @match &view.customer_id {
                    Some(customer) => a class="id" href={ "/?customer_id=" (customer) } { (customer) },
                    None => span class="faint" { "not known yet" },
                }
            }
            td data-label="State" {
                (words::badge(view.state))
                @if view.incident.is_some() { " " (words::incident_badge()) }
            }
            td data-label="Age" { (words::age(row.voiding.requested_at, now)) }
            td data-label="Last step" { (last_step(row, now)) }
            td data-label="Actions" class="actions" { (actions(visitor, row)) }
        }
    }
}

fn last_step(row: &Row, now: DateTime<Utc>) -> Markup {
    let view = &row.voiding.view;
    let ago = |at: DateTime<Utc>| html! { " " span class="faint" { (words::age(at, now)) " ago" } };
    html! {
        @if let Some(incident) = &view.incident {
            (words::command(&incident.command))
            @if incident.code.is_some() { " was refused" } @else { " does not get through" }
            (ago(incident.since))
        } @else if let (Some(failure), None) = (&view.failure, &view.acknowledgement) {
            "Refused: " code { (failure.code) } (ago(failure.at))
        } @else if let Some(step) = view.steps.last() {
            (words::sentence(step.state)) (ago(step.at))
        } @else {
            (words::sentence(view.state))
        }
    }
}

fn actions(visitor: &Visitor, row: &Row) -> Markup {
    let id = &row.voiding.view.document_id;
    html! {
        @if let Some(failure_id) = &row.to_retry { (retry_form(visitor, id.as_str(), failure_id)) }
        @if let Some(failure_id) = &row.to_acknowledge {
            details class="action" id={ "acknowledge-" (id) } {
                summary class="button" { "Acknowledge" span class="unseen" { " " (id) } }
                (acknowledge_form(visitor, id.as_str(), failure_id))
            }
        } @else if row.to_retry.is_none() {
            (form::result(visitor, id.as_str()))
            span class="faint" { @if row.voiding.view.state.is_final() { "ended" } @else { "goes on by itself" } }
        }
    }
}

/// The form that has a refused command sent again.
pub(in crate::console) fn retry_form(visitor: &Visitor, document_id: &str, failure_id: &str) -> Markup {
    html! {
        form method="post" action="/console/retry" hx-post="/console/retry" hx-target="find .result"
            hx-disabled-elt="find button" {
            (form::hidden(visitor))
            input type="hidden" name="document_id" value=(document_id);
            input type="hidden" name="failure_id" value=(failure_id);
            button type="submit" { "Retry" span class="unseen" { " " (document_id) } }
            (form::result(visitor, document_id))
        }
    }
}

/// The form that acknowledges one failure.
pub(in crate::console) fn acknowledge_form(visitor: &Visitor, document_id: &str, failure_id: &str) -> Markup {
    html! {
        form class="acknowledge" method="post" action="/console/acknowledge" hx-post="/console/acknowledge"
            hx-target="find .result" hx-disabled-elt="find button" {
            (form::hidden(visitor))
            input type="hidden" name="document_id" value=(document_id);
            input type="hidden" name="failure_id" value=(failure_id);
            (who_and_why(document_id))
            button type="submit" class="primary" { "Acknowledge failure" }
            (form::result(visitor, document_id))
        }
    }
}

fn selection_form(visitor: &Visitor) -> Markup {
    html! {
        form id="selection" class="selection" method="post" action="/console/selection" hx-post="/console/selection"
            hx-target="find .result" hx-disabled-elt="find button" {
            (form::hidden(visitor))
            label class="check all" { input type="checkbox" id="select-all"; span { "Select all" } }
            (who_and_why("selection"))
            button type="submit" name="action" value="acknowledge" { "Acknowledge selected" }
            button type="submit" name="action" value="retry" { "Retry selected" }
            (form::result(visitor, "selection"))
        }
    }
}

/// The fields of an acknowledgement.
pub(in crate::console) fn who_and_why(of: &str) -> Markup {
    html! {
        label { span { "Your name" }
            input id={ "by-" (of) } name="acknowledged_by" autocomplete="name" maxlength=(MAX_ACKNOWLEDGED_BY);
        }
        label class="wide" { span { "Note" }
            input id={ "note-" (of) } name="note" autocomplete="off" maxlength=(MAX_NOTE) placeholder="what was done about it";
        }
    }
}
