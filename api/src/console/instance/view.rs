//! The page of one instance.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use process_manager::instance::{InstanceView, Status};

use super::{advice::advice, by_hand::by_hand, model::Model, timeline::timeline};
use crate::{
    console::{
        Console,
        layout::away,
        managers::Manager,
        process::copy,
        standing,
        visitor::Visitor,
        words::{self, command},
    },
    temporal::{InspectedInstance, Instance, instance_workflow_id},
};

pub(super) fn head(manager: &Manager, id: &str) -> Markup {
    html! {
        p class="crumbs" { a href=(manager.path) { (manager.title) } " / " }
        h1 { (manager.one) " " span class="id" { (id) } }
    }
}

/// The part that is live.
pub(super) fn body(
    manager: &Manager,
    console: &Console,
    visitor: &Visitor,
    model: &Model,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        @if model.temporal_is_away {
            (away("Temporal", "Nothing is lost: the process goes on, and this page with it, as soon as it is back."))
        }
        @if let Some(inspected) = &model.inspected {
            @let instance = &inspected.instance;
            @let namespace = console.app.temporal.namespace();
            p class="summary" {
                (standing::badge(instance.standing))
                span {
                    (standing::sentence(instance.standing)) " · "
                    @if instance.standing.is_running() { "for " (words::age(instance.since(), now)) " now" }
                    @else { (words::age(instance.since(), now)) " ago" }
                }
            }
            (advice(manager, visitor, instance))
            div class="columns" {
                section class="card" aria-labelledby="what" {
                    h2 id="what" { (manager.one) }
                    (what(manager, model, inspected, now))
                }
                section class="card" aria-labelledby="steps" {
                    h2 id="steps" { "Time line" }
                    (timeline(&model.past, inspected, now))
                }
            }
            (ids(manager, console, instance, &namespace))
            (by_hand(manager, instance, &namespace))
        } @else {
            div class="empty" { p { "There is nothing to show." } }
        }
    }
}

fn what(manager: &Manager, model: &Model, inspected: &InspectedInstance, now: DateTime<Utc>) -> Markup {
    let began = inspected.instance.started_at;
    html! {
        dl class="ids facts" {
            @for (name, fact) in model.facts(manager) { dt { (name) } dd { (fact) } }
            dt { "Began" } dd { (words::clock(began, now)) }
            @if let Some(view) = &inspected.view { (doing(view, now)) }
        }
        @if let Some(view) = &inspected.view {
            @if !view.state.is_null() {
                details class="state" {
                    summary { "State, as its process manager keeps it" }
                    pre tabindex="0" { code { (format!("{:#}", view.state)) } }
                }
            }
        } @else if inspected.instance.standing.is_running() {
            p class="hint faint" { "No worker tells what it is doing just now; this is what Temporal knows by itself." }
        }
    }
}

/// What the instance says that it is doing.
fn doing(view: &InstanceView, now: DateTime<Utc>) -> Markup {
    let doing = match view.status {
        Status::Waiting => "waits for its next event",
        Status::Handling => "handles an event",
        Status::Retrying => "waits to try again",
        Status::Parked => "waits for a person",
        Status::Ended => "ends",
    };
    html! {
        dt { "Now" }
        dd {
            (doing)
            @if let Some(event) = &view.event { ": " (command(event)) }
            @if let Some(at) = view.retry_at { ", at " (words::clock(at, now)) }
        }
        @if !view.pending_commands.is_empty() {
            dt { "Commands to come" }
            dd { (view.pending_commands.iter().map(|name| command(name)).collect::<Vec<_>>().join(", ")) }
        }
        dt { "Events" } dd { (view.handled_events) " handled, " (view.queued_events) " waiting" }
        dt { "Version" } dd { (view.version) }
    }
}

fn ids(manager: &Manager, console: &Console, instance: &Instance, namespace: &str) -> Markup {
    let workflow_id = instance_workflow_id(manager.name, &instance.process_id);
    let temporal = console.app.presenter.run_in_web_ui(&workflow_id, namespace, &instance.run_id);
    html! {
        section class="card" aria-labelledby="ids" {
            h2 id="ids" { "Ids" }
            dl class="ids" {
                @for (name, id) in [("Process", &instance.process_id), ("Workflow", &workflow_id), ("Run", &instance.run_id)] {
                    dt { (name) } dd { code { (id) } (copy(id, name)) }
                }
            }
            @if let Some(temporal) = &temporal {
                p class="links" { a href=(temporal) rel="noreferrer" { "This workflow in Temporal’s Web UI" } }
            }
        }
    }
}
