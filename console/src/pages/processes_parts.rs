//! Parts of the page of the processes: its numbers, its table with what can be done about each, and a form for the
//! selected ones.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::voiding::VoidingState;

use crate::{
    counts::Counts,
    form,
    managers::MANAGERS,
    parts::{self, Tile, badge},
    paths,
    process::{acknowledge_form, retry_form, trouble, who_and_why},
    session::Visitor,
    view::{ProcessView, voiding::INCIDENT},
    words,
};

const COLUMNS: [&str; 7] = ["Select", "Document", "Customer", "State", "Age", "Last step", "Actions"];

/// Writes the table.
pub(super) fn table(visitor: &Visitor, rows: &[ProcessView], now: DateTime<Utc>) -> Markup {
    let can_select = rows.iter().any(ProcessView::waits_for_operator);
    let (class, columns) =
        if can_select { ("processes selectable", &COLUMNS[..]) } else { ("processes", &COLUMNS[1..]) };
    let lines = html! { @for row in rows { (process(visitor, row, can_select, now)) } };
    html! {
        @if can_select { (selection_form(visitor)) }
        (parts::table(class, "Processes", columns, &lines))
    }
}

fn process(visitor: &Visitor, row: &ProcessView, can_select: bool, now: DateTime<Utc>) -> Markup {
    let id = row.target.id();
    html! {
        tr id={ "process-" (id) } {
            @if can_select {
                td class="select" {
                    @if let Some(failure) = row.failures.first().filter(|_| row.waits_for_operator()) {
                        input type="checkbox" form="selection" name="selected" value={ (id) " " (failure.id) }
                            id={ "select-" (id) } aria-label={ "Select " (id) };
                    }
                }
            }
            td data-label="Document" { a class="id" href=(row.target.page()) { (id) } }
            td data-label="Customer" {
                @match &row.customer {
                    Some(customer) => a class="id" href={ "/?customer_id=" (customer) } { (customer) },
                    None => span class="faint" { "not known yet" },
                }
            }
            td data-label="State" {
                (badge(row.status))
                @if row.has_incident { " " (badge(INCIDENT)) }
            }
            td data-label="Age" { (words::age(row.began_at, now)) }
            td data-label="Last step" { (last_step(row, now)) }
            td data-label="Actions" class="actions" { (actions(visitor, row)) }
        }
    }
}

fn last_step(row: &ProcessView, now: DateTime<Utc>) -> Markup {
    if let Some(trouble) = trouble(row, now) {
        return trouble;
    }
    html! {
        (row.status.sentence)
        @if let Some(step) = row.steps.last() { " " span class="faint" { (words::age(step.at, now)) " ago" } }
    }
}

fn actions(visitor: &Visitor, row: &ProcessView) -> Markup {
    let id = row.target.id();
    html! {
        @for failure in &row.failures {
            @if failure.can_retry { (retry_form(visitor, row, failure)) }
            @if failure.can_acknowledge {
                details class="action" id={ "acknowledge-" (id) } {
                    summary class="button" { "Acknowledge" span class="unseen" { " " (id) } }
                    (acknowledge_form(visitor, row, failure))
                }
            }
        }
        @if !row.waits_for_operator() {
            (form::result(visitor, id))
            span class="faint" { @if row.status.is_running { "running" } @else { "ended" } }
        }
    }
}

fn selection_form(visitor: &Visitor) -> Markup {
    html! {
        form id="selection" class="selection" method="post" action=(paths::SELECTION) hx-post=(paths::SELECTION)
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

/// Writes the numbers of processes.
pub(super) fn tiles(counts: Option<Counts>) -> [Tile; 4] {
    let failed = VoidingState::MarkingDocumentAsVoidedFailed;
    let voided = VoidingState::DocumentVoided;
    let tile = |id, word, count: fn(Counts) -> i64, href| Tile { id, word, count: counts.map(count), href };
    [
        tile("running", "Running", |counts| counts.running, paths::PROCESSES.to_owned()),
        tile("waiting", "Waiting for acknowledgement", |counts| counts.waiting, format!("/?state={failed}")),
        tile(
            "incidents",
            "Incidents",
            |counts| counts.incidents + counts.incidents_elsewhere,
            "/?incident=true".to_owned(),
        ),
        tile("voided", "Voided today", |counts| counts.voided_today, format!("/?show=ended&state={voided}")),
    ]
}

/// Writes how many incidents the list below does not show.
pub(super) fn elsewhere(counts: Option<Counts>) -> Markup {
    let count = counts.map_or(0, |counts| counts.incidents_elsewhere);
    html! {
        @if count > 0 {
            p class="elsewhere" {
                (count) @if count == 1 { " of the incidents is" } @else { " of the incidents are" } " not a voiding’s: see "
                @for (index, manager) in MANAGERS.into_iter().enumerate() {
                    @if index > 0 { ", " }
                    a href={ (manager.path) "?incident=true" } { (manager.title) }
                }
                "."
            }
        }
    }
}

/// Writes an introduction.
pub(super) fn first_visit() -> Markup {
    html! {
        p { strong { "No document has been voided yet." } " This is how to see a process at work:" }
        ol {
            li { "Open " a href=(paths::REPORTS) { "Reports and documents" } ", and issue a document for any customer." }
            li { "Press " b { "Void" } " beside it: Reports takes it out of the customer's total, then Billing voids it." }
            li { "Publish a report and void one of its documents: the process fails, and waits here until you acknowledge it." }
        }
    }
}
