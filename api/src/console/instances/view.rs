//! The page of a process manager's instances: tiles, filters, table.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{
    listing::{Listing, Overview, Trouble},
    query::Query,
};
use crate::{
    console::{layout::away, managers::Manager, processes::Show, standing, words},
    temporal::Instance,
};

/// Title and filters; they stay as they are while the list changes below them.
pub(super) fn head(manager: &Manager, query: &Query) -> Markup {
    let filter = format!("Filter the {}", manager.title.to_lowercase());
    html! {
        h1 { (manager.title) }
        form class="filters" method="get" action=(manager.path) role="search" aria-label=(filter)
            hx-get=(manager.path) hx-trigger="input delay:300ms, submit" hx-target="#live" hx-select="#live"
            hx-swap="morph:outerHTML" hx-push-url="true" hx-sync="this:replace" {
            label { span { "Show" }
                select name="show" {
                    @for (show, name, word) in Show::ALL { option value=(name) selected[show == query.show] { (word) } }
                }
            }
            label { span { "Id begins with" }
                input type="search" name="text" value=(query.text) autocomplete="off" maxlength="256";
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
    manager: &Manager,
    query: &Query,
    overview: Option<&Overview>,
    listing: &Listing,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        @if listing.trouble == Some(Trouble::Temporal) {
            (away("Temporal", "Nothing is lost: this page goes on by itself as soon as it is back."))
        }
        (tiles(manager, query, overview))
        @if listing.rows.is_empty() { (nothing(manager, query, overview, listing.trouble)) }
        @else { (table(manager, listing, now)) }
        (pager(manager, query, listing))
    }
}

fn tiles(manager: &Manager, query: &Query, overview: Option<&Overview>) -> Markup {
    let path = manager.path;
    let tiles = [
        ("running", "Running", overview.map(|it| it.running), path.to_owned()),
        ("incidents", "Incidents", overview.map(|it| it.incidents), format!("{path}?incident=true")),
        ("done", "Done today", overview.map(|it| it.done_today), format!("{path}?show=ended")),
        ("given-up", "Given up", overview.map(|it| it.given_up), format!("{path}?show=ended")),
    ];
    let here = query.href(manager, None);
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
    }
}

fn table(manager: &Manager, listing: &Listing, now: DateTime<Utc>) -> Markup {
    html! {
        div class="table" {
            table class="instances" {
                caption class="unseen" { (manager.title) }
                thead {
                    tr {
                        th scope="col" { (manager.one) }
                        th scope="col" { "Status" }
                        th scope="col" { "Since" }
                        th scope="col" { "Began" }
                        th scope="col" { "What is wrong" }
                    }
                }
                tbody { @for instance in &listing.rows { (row(manager, instance, now)) } }
            }
        }
    }
}

fn row(manager: &Manager, instance: &Instance, now: DateTime<Utc>) -> Markup {
    let id = &instance.process_id;
    html! {
        // An id may have been used again, and may be of any form: the run is what tells rows apart.
        tr id={ "run-" (instance.run_id) } data-process=(id) {
            td data-label=(manager.one) { a class="id" href=(manager.page_of(id)) { (id) } }
            td data-label="Status" { (standing::badge(instance.standing)) }
            td data-label="Since" { (words::age(instance.since(), now)) }
            td data-label="Began" { (words::age(instance.started_at, now)) " ago" }
            td data-label="Wrong" {
                @match standing::trouble(&instance.published) {
                    Some(trouble) => (trouble),
                    None => span class="faint" { "–" },
                }
            }
        }
    }
}

fn nothing(manager: &Manager, query: &Query, overview: Option<&Overview>, trouble: Option<Trouble>) -> Markup {
    html! {
        div class="empty" {
            @if trouble == Some(Trouble::Cursor) || (trouble.is_none() && query.cursor.is_some()) {
                p { strong { "This page of the list is no more." } }
                p { a class="button" href=(query.href(manager, None)) { "To the first page" } }
            } @else if trouble.is_some() {
                p { "There is nothing to show." }
            } @else if query.has_filters() {
                p { strong { "Nothing matches these filters." } }
                p { a class="button" href=(manager.path) { "Show all open ones" } }
            } @else if overview.is_some_and(Overview::is_first_visit) {
                p { strong { "There was none yet." } " " (manager.begins) }
            } @else {
                p { strong { "Nothing is under way, and nothing waits for you." } }
                p { (manager.begins) }
                p { a class="button quiet" href={ (manager.path) "?show=ended" } { "Ended ones" } }
            }
        }
    }
}

fn pager(manager: &Manager, query: &Query, listing: &Listing) -> Markup {
    html! {
        @if query.cursor.is_some() || listing.next.is_some() {
            nav class="pager" aria-label="Pages of the list" {
                @if query.cursor.is_some() {
                    a class="button quiet" href=(query.href(manager, None)) { "First page" }
                }
                @if let Some(next) = &listing.next {
                    a class="button quiet" rel="next" href=(query.href(manager, Some(next))) { "Next page" }
                }
            }
        }
    }
}
