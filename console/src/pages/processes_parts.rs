//! Parts of the page of the processes: its numbers, its table with the actions on each process, and a form for the
//! selected ones.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::voiding::VoidingState;
use process_manager_host::operator::Trouble as Kind;

use super::listing::Trouble;
use crate::{
    counts::Counts,
    form,
    managers::MANAGERS,
    parts::{self, Tile, badges, unavailable},
    paths,
    process::{acknowledge, retry_form, trouble, who_and_why},
    session::Visitor,
    sources::Sources,
    view::{Failure, ProcessView},
    words,
};

/// The subject of the numbers.
const NUMBERS: &str = "processes";
const COLUMNS: [&str; 7] = ["Select", "Document", "Customer", "State", "Age", "Last step", "Actions"];

/// Writes the table.
pub(super) fn table(visitor: &Visitor, rows: &[ProcessView], now: DateTime<Utc>) -> Markup {
    let can_select = rows.iter().any(ProcessView::waits_for_operator);
    let (class, columns) =
        if can_select { ("processes selectable", &COLUMNS[..]) } else { ("processes", &COLUMNS[1..]) };
    let lines = html! { @for row in rows { (process(visitor, row, can_select, now)) } };
    html! {
        @if can_select { (selection_form(visitor, rows.iter().any(can_retry))) }
        (parts::table(class, "Processes", columns, &lines))
    }
}

fn process(visitor: &Visitor, row: &ProcessView, can_select: bool, now: DateTime<Utc>) -> Markup {
    let id = row.target.id();
    html! {
        tr id=(row_id(row)) {
            @if can_select {
                td class="select" {
                    @if let Some(failure) = row.failures.last().filter(|_| row.waits_for_operator()) {
                        (tick(id, failure))
                    }
                }
            }
            td data-label="Document" { a class="id" href=(row.page()) title=(id) { (id) } }
            td data-label="Customer" {
                @match &row.customer {
                    Some(customer) => a class="id" href={ "/?customer_id=" (customer) } title=(customer) { (customer) },
                    None => span class="faint" { "not known yet" },
                }
            }
            td data-label="State" { (badges(row)) }
            td data-label="Age" { (words::age(row.began_at, now)) }
            td data-label="Last step" { (last_step(row, now)) }
            td data-label="Actions" class="actions" { (actions(visitor, row)) }
        }
    }
}

/// Returns the id of a row. A document has one running process, and may have had several.
fn row_id(row: &ProcessView) -> String {
    match &row.process_id {
        Some(process_id) if !row.status.is_running => format!("process-{}-{process_id}", row.target.id()),
        _ => format!("process-{}", row.target.id()),
    }
}

/// Writes the box that selects a failure, and says what can be done about it.
fn tick(id: &str, failure: &Failure) -> Markup {
    html! {
        input type="checkbox" form="selection" name="selected" value={ (id) " " (failure.id) } id={ "select-" (id) }
            aria-label={ "Select " (id) } data-retry[failure.can_retry] data-acknowledge[failure.can_acknowledge];
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
            @if failure.can_acknowledge { (acknowledge(visitor, row, failure)) }
        }
        @if !row.waits_for_operator() {
            (form::result(visitor, id))
            span class="faint" { (nothing_to_do(row)) }
        }
    }
}

/// Returns the reason why a row has no button; if it is not known, the text promises nothing.
fn nothing_to_do(row: &ProcessView) -> &'static str {
    match () {
        () if !row.status.is_running => "ended",
        () if row.is_last_known => "last known state; no action is possible now",
        () if row.stalled.is_some() => "retrying automatically",
        () if row.steps_missing.is_some() => "not known",
        () => "no action needed",
    }
}

fn can_retry(row: &ProcessView) -> bool {
    row.failures.iter().any(|failure| failure.can_retry)
}

/// Writes the form for the selected ones. The console's script adds to each button how many it would affect.
fn selection_form(visitor: &Visitor, can_retry: bool) -> Markup {
    html! {
        form id="selection" class="selection" method="post" action=(paths::SELECTION) data-send="" {
            (form::hidden(visitor))
            label class="check all" { input type="checkbox" id="select-all"; span { "Select all on this page" } }
            (who_and_why("selection"))
            button type="submit" name="action" value="acknowledge" data-of="acknowledge" { "Acknowledge selected" }
            @if can_retry { button type="submit" name="action" value="retry" data-of="retry" { "Retry selected" } }
            (form::result(visitor, "selection"))
        }
    }
}

/// Asks for the counts, and remembers their numbers.
pub(super) async fn counted(sources: &Sources) -> Option<Counts> {
    let counts = sources.counter.counts().await;
    if counts.is_some() {
        sources.numbers.remember(NUMBERS, &tiles(counts.as_ref()));
    }
    counts
}

/// Writes the numbers of processes; while Temporal is unavailable, the last known ones.
pub(super) fn numbers(sources: &Sources, counts: Option<&Counts>, here: &str) -> Markup {
    let mut tiles = tiles(counts);
    let last_known = sources.numbers.fill(NUMBERS, &mut tiles);
    parts::tiles(&tiles, here, last_known)
}

fn tiles(counts: Option<&Counts>) -> [Tile; 4] {
    let tile = |id, word: &str, count: fn(&Counts) -> i64, href| Tile {
        id,
        word: word.to_owned(),
        count: counts.map(count),
        href,
    };
    let voided = format!("/?show={}&ended=today", VoidingState::DocumentVoided);
    [
        tile("attention", "Needs attention", |counts| counts.all_of(Kind::NeedsAttention), paths::ATTENTION.to_owned()),
        tile("retrying", "Retrying automatically", |counts| counts.all_of(Kind::Retrying), paths::RETRYING.to_owned()),
        tile("running", "Open voidings", |counts| counts.running, paths::PROCESSES.to_owned()),
        tile("voided", "Voided today", |counts| counts.voided_today, voided),
    ]
}

/// Writes what the first two numbers count besides the list below.
pub(super) fn elsewhere(counts: Option<&Counts>) -> Markup {
    let managers = counts.into_iter().flat_map(|counts| MANAGERS.into_iter().zip(counts.instances));
    let counted = managers.filter(|(_, count)| count.attention > 0);
    html! {
        @for (manager, count) in counted {
            p class="elsewhere" {
                a href={ (manager.path) "?show=attention" } {
                    (count.attention) " more " @if count.attention == 1 { "needs" } @else { "need" } " attention in " (manager.title) " →"
                }
            }
        }
    }
}

/// Writes a banner if the list does not come from Temporal.
pub(super) fn banner(trouble: Option<Trouble>) -> Markup {
    html! {
        @match trouble {
            Some(Trouble::Temporal) => (unavailable(
                "Temporal",
                "Below are the open processes as Billing last knew them; which of them need attention is not known. Nothing \
                 is lost, and nothing can be retried or acknowledged until Temporal is back.",
            )),
            Some(Trouble::Everything) => (unavailable(
                "Neither Temporal nor Billing",
                "Nothing can be shown now. Nothing is lost; this page recovers automatically.",
            )),
            Some(Trouble::Cursor) | None => {}
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
            li { "Publish a report and void one of its documents: the process needs attention, and waits here until you acknowledge it." }
        }
    }
}
