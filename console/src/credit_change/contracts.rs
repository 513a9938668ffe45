//! The contracts of a credit change that need somebody's attention: refused ones and missing ones.

use chrono::{DateTime, Utc};
use contracts_client::AffectedStatus;
use maud::{Markup, html};

use super::affected::{Listed, Row, Told};
use crate::{
    parts::{self, unavailable},
    paths, words,
};

/// Writes what was refused and why; nothing if nothing was refused.
pub(super) fn refused(told: &Told) -> Markup {
    let line = |row: &Row| {
        let contract = &row.contract;
        html! {
            tr {
                td data-label="Contract" { span class="id" title=(contract.contract_id) { (contract.contract_id) } }
                td data-label="Code" { code { (contract.code.as_deref().unwrap_or_default()) } }
                td data-label="Reason" { (contract.detail.as_deref().unwrap_or_default()) }
            }
        }
    };
    let lines = written(&told.refused, line);
    let lines = lines.map(|lines| parts::table("refusals", "Refused", &["Contract", "Code", "Reason"], &lines));
    section("Refused", told.counts.refused, &told.refused, lines, &rest(told, &["refused"]))
}

/// Writes which contracts are missing, overdue ones first; nothing if none is missing.
pub(super) fn missing(told: &Told, now: DateTime<Utc>) -> Markup {
    let columns = ["Contract", "Status", "Revoked", "Deadline"];
    let lines = written(&told.missing, |row| missing_row(row, now));
    let lines = lines.map(|lines| parts::table("missing", "Missing", &columns, &lines));
    section("Missing", told.counts.missing, &told.missing, lines, &rest(told, &["overdue", "pending", "signed"]))
}

fn missing_row(row: &Row, now: DateTime<Utc>) -> Markup {
    let contract = &row.contract;
    let (id, unknown) = (&contract.contract_id, html! { span class="faint" { "–" } });
    let ago = |at: DateTime<Utc>| html! { (words::age(at, now)) " ago" };
    html! {
        tr data-contract=(id) {
            td data-label="Contract" { a class="id" href=(paths::confirmation(id)) title=(id) { (id) } }
            td data-label="Status" { (badges(row)) }
            td data-label="Revoked" { (contract.revoked_at.map_or(unknown, ago)) }
            td data-label="Deadline" {
                @match contract.due_at {
                    Some(at) if row.is_overdue => { "passed " (ago(at)) }
                    _ if row.is_overdue => "passed",
                    _ => span class="faint" { "not passed" },
                }
            }
        }
    }
}

fn badges(row: &Row) -> Markup {
    let known = match row.contract.status {
        AffectedStatus::Pending => Some(("in-progress", "◐", "Pending")),
        AffectedStatus::Signed => Some(("signed", "✎", "Signed")),
        _ => None,
    };
    let badge = |class: &str, sign: &str, word: &str| {
        html! { span class={ "badge " (class) } { span class="sign" aria-hidden="true" { (sign) } (word) } }
    };
    html! {
        @if row.is_overdue { (badge("parked", "!", "Overdue")) " " }
        @if let Some((class, sign, word)) = known { (badge(class, sign, word)) }
    }
}

fn written(listed: &Listed, line: impl Fn(&Row) -> Markup) -> Result<Markup, &'static str> {
    let rows = listed.as_ref().map_err(|program| *program)?;
    Ok(html! { @for row in rows { (line(row)) } })
}

/// Writes a list with its heading, and a link to the rest of it.
fn section(
    heading: &str,
    count: u64,
    listed: &Listed,
    table: Result<Markup, &'static str>,
    rest: &[(String, &str)],
) -> Markup {
    let shown = listed.as_ref().map_or(0, Vec::len) as u64;
    html! {
        @if count > 0 {
            h3 { (heading) }
            @match table {
                Ok(table) if shown > 0 => (table),
                Ok(_) => p class="faint" { "They are listed in a moment." },
                Err(program) => (unavailable(program, "They are listed as soon as it answers again.")),
            }
            @if count > shown && shown > 0 {
                p class="more" {
                    "And " (count - shown) " more, in the REST API:"
                    @for (href, status) in rest { " " a href=(href) { (status) } }
                }
            }
        }
    }
}

fn rest<'a>(told: &Told, statuses: &[&'a str]) -> Vec<(String, &'a str)> {
    statuses.iter().map(|status| (paths::contracts_of_change(&told.customer_id, status), *status)).collect()
}
