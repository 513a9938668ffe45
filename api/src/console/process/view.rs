//! The page of one process.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::DocumentId;

use super::{
    advice::advice,
    diagram::diagram,
    model::{Away, Model},
    timeline::timeline,
};
use crate::console::{layout::away, processes::Row, visitor::Visitor, words};

pub(super) fn head(document_id: &DocumentId) -> Markup {
    html! {
        p class="crumbs" { a href="/" { "Processes" } " / " }
        h1 { "Voiding of " span class="id" { (document_id) } }
    }
}

/// The part that is live.
pub(super) fn body(
    visitor: &Visitor,
    document_id: &DocumentId,
    model: &Model,
    namespace: &str,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        (who_is_away(model.away))
        @if let Some(row) = &model.row {
            @let view = &row.voiding.view;
            p class="summary" {
                (words::badge(view.state))
                @if view.incident.is_some() { " " (words::incident_badge()) }
                span { (words::sentence(view.state)) " · requested " (words::age(row.voiding.requested_at, now)) " ago" }
            }
            (advice(visitor, row))
            div class="columns" {
                section class="card" aria-labelledby="way" { h2 id="way" { "Way" } (diagram(view)) }
                section class="card" aria-labelledby="steps" {
                    h2 id="steps" { "Time line" }
                    (timeline(view, model, row.voiding.steps_missing.as_deref(), now))
                }
            }
            section class="card" aria-labelledby="ids" { h2 id="ids" { "Ids" } (ids(row)) }
            (by_hand(document_id, row, namespace))
        } @else {
            div class="empty" { p { "There is nothing to show." } }
        }
    }
}

fn who_is_away(program: Option<Away>) -> Markup {
    html! {
        @match program {
            Some(Away::Temporal) => (away(
                "Temporal",
                "Below is what Billing knows. The process is not lost: it goes on, and this page with it, as soon as \
                 Temporal is back.",
            )),
            Some(Away::Billing) => (away("Billing", "This page goes on by itself.")),
            Some(Away::Both) => (away("Neither Temporal nor Billing", "Nothing is lost; this page goes on by itself.")),
            None => {}
        }
    }
}

fn ids(row: &Row) -> Markup {
    let view = &row.voiding.view;
    let rows = [
        ("Document", Some(view.document_id.to_string())),
        ("Process", view.process_id.as_ref().map(ToString::to_string)),
        ("Customer", view.customer_id.as_ref().map(ToString::to_string)),
        ("Workflow", Some(workflows::voiding::workflow_id(&view.document_id))),
    ];
    html! {
        dl class="ids" {
            @for (name, id) in &rows {
                dt { (name) }
                dd {
                    @match id {
                        Some(id) => { code { (id) } (copy(id, name)) }
                        None => span class="faint" { "not known yet" },
                    }
                }
            }
        }
        p class="links" {
            @if let Some(customer) = &view.customer_id {
                a href={ "/reports?customer_id=" (customer) } { "Reports and documents of this customer" }
            }
            @if let Some(temporal) = &row.voiding.links.temporal {
                a href=(temporal) rel="noreferrer" { "This workflow in Temporal’s Web UI" }
            }
            a href=(row.voiding.links.this) { "As JSON" }
        }
    }
}

/// The same actions for a terminal. Ids have no character that a shell would read.
fn by_hand(document_id: &DocumentId, row: &Row, namespace: &str) -> Markup {
    let workflow_id = workflows::voiding::workflow_id(document_id);
    let namespace = match namespace {
        "" | "default" => String::new(),
        other => format!("--namespace '{}' ", other.replace('\'', "")),
    };
    let signal = |name: &str, input: &str| {
        format!("temporal workflow signal {namespace}--workflow-id {workflow_id} --name {name} --input '{input}'")
    };
    let acknowledge = row.to_acknowledge.as_ref().map(|id| {
        let input = format!(r#"{{"acknowledged_by": "you", "note": "why", "failure_id": "{}"}}"#, id.replace('\'', ""));
        ("Acknowledge", signal("acknowledge_failure", &input))
    });
    let retry = row.to_retry.as_ref().map(|id| {
        let input = format!(r#"{{"failure_id": "{}"}}"#, id.replace('\'', ""));
        ("Retry", signal("retry", &input))
    });
    let look = format!("temporal workflow query {namespace}--workflow-id {workflow_id} --type state");
    let lines: Vec<_> = [acknowledge, retry, Some(("Look", look))].into_iter().flatten().collect();
    html! {
        section class="card" aria-labelledby="cli" {
            h2 id="cli" { "The same with the Temporal CLI" }
            @for (name, line) in &lines {
                p class="cli" { span class="faint" { (name) } code tabindex="0" { (line) } (copy(line, name)) }
            }
        }
    }
}

/// A button that copies the text.
pub(in crate::console) fn copy(text: &str, what: &str) -> Markup {
    html! { button type="button" class="copy quiet" data-copy=(text) { "Copy" span class="unseen" { " " (what) } } }
}
