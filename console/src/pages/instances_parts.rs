//! The table of instances of a process manager.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    managers::Manager,
    parts::{self, badges},
    process::trouble,
    view::ProcessView,
    words,
};

/// Writes the table.
pub(super) fn table(manager: &Manager, rows: &[ProcessView], now: DateTime<Utc>) -> Markup {
    let lines = html! { @for line in rows { (row(manager, line, now)) } };
    let columns = [manager.one, "Status", "Since", "Began", "Details"];
    parts::table("instances", manager.title, &columns, &lines)
}

fn row(manager: &Manager, row: &ProcessView, now: DateTime<Utc>) -> Markup {
    let id = row.target.id();
    let reason = row.outcome.as_ref().and_then(|outcome| outcome.reason.as_deref());
    html! {
        // An id may have been reused, and may have any form: the run distinguishes the rows.
        tr id={ "run-" (row.key) } data-process=(id) {
            td data-label=(manager.one) { a class="id" href=(row.page()) title=(id) { (id) } }
            td data-label="Status" { (badges(row)) }
            td data-label="Since" { (words::age(row.since.at, now)) }
            td data-label="Began" { (words::age(row.began_at, now)) " ago" }
            td data-label="Details" {
                @match (trouble(row, now), reason) {
                    (Some(trouble), _) => (trouble),
                    (None, Some(reason)) => (reason),
                    (None, None) => span class="faint" { "–" },
                }
            }
        }
    }
}
