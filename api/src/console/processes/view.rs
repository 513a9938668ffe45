//! The page of the processes: tiles, filters, table.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::voiding::VoidingState;

use super::{
    listing::{Listing, Trouble},
    query::{Query, Show},
    table,
};
use crate::console::{counts::Counts, layout::away, managers::MANAGERS, visitor::Visitor, words};

/// Title and filters; they stay as they are while the list changes below them.
pub(super) fn head(query: &Query) -> Markup {
    html! {
        h1 { "Processes" }
        form class="filters" method="get" action="/" role="search" aria-label="Filter the processes"
            hx-get="/" hx-trigger="input delay:300ms, submit" hx-target="#live" hx-select="#live"
            hx-swap="morph:outerHTML" hx-push-url="true" hx-sync="this:replace" {
            label { span { "Show" }
                select name="show" {
                    @for (show, name, word) in Show::ALL { option value=(name) selected[show == query.show] { (word) } }
                }
            }
            label { span { "State" }
                select name="state" {
                    option value="" { "Any" }
                    @for state in VoidingState::ALL {
                        option value=(state) selected[query.state == Some(state)] { (words::state(state)) }
                    }
                }
            }
            label { span { "Customer" } input name="customer_id" value=(query.customer) autocomplete="off" maxlength="128"; }
            label { span { "Id begins with" }
                input type="search" name="text" value=(query.text) autocomplete="off" maxlength="128"
                    placeholder="document, customer, process";
            }
            label class="check" {
                input type="checkbox" name="incident" value="true" checked[query.incident];
                span { "With incident" }
            }
            button type="submit" { "Filter" }
        }
    }
}

/// The part that is live.
pub(super) fn body(
    visitor: &Visitor,
    query: &Query,
    counts: Option<Counts>,
    listing: &Listing,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        (trouble(listing.trouble))
        (tiles(query, counts))
        @if listing.rows.is_empty() { (nothing(query, counts, listing.trouble)) }
        @else { (table::table(visitor, listing, now)) }
        (pager(query, listing))
    }
}

fn trouble(trouble: Option<Trouble>) -> Markup {
    html! {
        @match trouble {
            Some(Trouble::Temporal) => (away(
                "Temporal",
                "Below are the open processes as Billing knows them. Nothing is lost: they go on, and this page with \
                 them, as soon as it is back.",
            )),
            Some(Trouble::Everything) => (away(
                "Neither Temporal nor Billing",
                "Nothing can be shown now. Nothing is lost; this page goes on by itself.",
            )),
            Some(Trouble::Cursor) | None => {}
        }
    }
}

fn tiles(query: &Query, counts: Option<Counts>) -> Markup {
    let failed = VoidingState::MarkingDocumentAsVoidedFailed;
    let voided = VoidingState::DocumentVoided;
    let tiles = [
        ("running", "Running", counts.map(|c| c.running), "/".to_owned()),
        ("waiting", "Waiting for acknowledgement", counts.map(|c| c.waiting), format!("/?state={failed}")),
        ("incidents", "Incidents", counts.map(|c| c.incidents + c.incidents_elsewhere), "/?incident=true".to_owned()),
        ("voided", "Voided today", counts.map(|c| c.voided_today), format!("/?show=ended&state={voided}")),
    ];
    let here = query.href(None);
    html! {
        ul class="tiles" {
            @for (id, word, count, href) in &tiles {
                li {
                    a id={ "tile-" (id) } class={ "tile " (id) @if count.is_some_and(|count| count > 0) { " some" } }
                        href=(href) aria-current=[(*href == here).then_some("true")] {
                        span class="number" { @match count { Some(count) => (count), None => "–" } }
                        span class="word" { (word) }
                    }
                }
            }
        }
        (elsewhere(counts))
    }
}

/// Where the incidents are that the list below does not show.
fn elsewhere(counts: Option<Counts>) -> Markup {
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

fn nothing(query: &Query, counts: Option<Counts>, trouble: Option<Trouble>) -> Markup {
    html! {
        div class="empty" {
            @if trouble == Some(Trouble::Cursor) {
                p { strong { "This page of the list is no more." } }
                p { a class="button" href=(query.href(None)) { "To the first page" } }
            } @else if trouble.is_some() {
                p { "There is nothing to show." }
            } @else if query.has_filters() {
                p { strong { "No process matches these filters." } }
                p { a class="button" href="/" { "Show all open ones" } }
            } @else if counts.is_some_and(|counts| counts.is_first_visit()) {
                (first_visit())
            } @else {
                p { strong { "Nothing is under way, and nothing waits for you." } }
                p { "A process appears here as soon as somebody has a document voided." }
                p { a class="button" href="/reports" { "To the documents" } " " a class="button quiet" href="/?show=ended" { "Ended processes" } }
            }
        }
    }
}

fn first_visit() -> Markup {
    html! {
        p { strong { "No document has been voided yet." } " This is how you see a process at work:" }
        ol {
            li { "Open " a href="/reports" { "Reports and documents" } ", and issue a document for any customer." }
            li { "Press " b { "Void" } " beside it: Reports takes it out of the customer's total, then Billing voids it." }
            li { "Publish a report and void one of its documents: the process fails, and waits here until you acknowledge it." }
        }
    }
}

fn pager(query: &Query, listing: &Listing) -> Markup {
    html! {
        @if query.cursor.is_some() || listing.next.is_some() {
            nav class="pager" aria-label="Pages of the list" {
                @if query.cursor.is_some() { a class="button quiet" href=(query.href(None)) { "First page" } }
                @if let Some(next) = &listing.next {
                    a class="button quiet" rel="next" href=(query.href(Some(next))) { "Next page" }
                }
            }
        }
    }
}
