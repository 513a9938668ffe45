//! The time line: what has happened, when, how long it took, and what is being tried now.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::voiding::{VoidingState, VoidingView};

use super::model::Model;
use crate::{console::words, temporal::PendingCommand};

/// The time line, oldest first.
pub(super) fn timeline(view: &VoidingView, model: &Model, missing: Option<&str>, now: DateTime<Utc>) -> Markup {
    let ends = view.steps.iter().skip(1).map(|step| Some(step.at)).chain([None]);
    html! {
        @if let Some(missing) = missing { p class="faint" { "The steps are not known: " (missing) "." } }
        ol class="timeline" {
            @for (step, end) in view.steps.iter().zip(ends) {
                @if step.state == VoidingState::FailureAcknowledged { (acknowledged(view, now)) }
                li class={ "step " (step.state.as_str()) } {
                    p class="what" { (words::badge(step.state)) " " (words::sentence(step.state)) "." }
                    p class="when" { (words::clock(step.at, now)) (lasted(step.at, end, step.state, now)) }
                    @if step.state == VoidingState::MarkingDocumentAsVoidedFailed { (refusal(view)) }
                }
            }
            @if !view.steps.iter().any(|step| step.state == VoidingState::FailureAcknowledged) { (acknowledged(view, now)) }
            (incident(view, now))
            @for command in &model.pending { (tried(command, now)) }
        }
    }
}

fn lasted(from: DateTime<Utc>, to: Option<DateTime<Utc>>, state: VoidingState, now: DateTime<Utc>) -> Markup {
    html! {
        @match to {
            Some(to) => { " · lasted " (words::duration(to - from)) }
            None if !state.is_final() => { " · for " (words::age(from, now)) " now" }
            None => {}
        }
    }
}

fn refusal(view: &VoidingView) -> Markup {
    html! {
        @if let Some(failure) = &view.failure {
            p class="detail" { code { (failure.code) } " " (failure.detail) }
        }
    }
}

fn acknowledged(view: &VoidingView, now: DateTime<Utc>) -> Markup {
    html! {
        @if let Some(acknowledgement) = &view.acknowledgement {
            li class="step person" {
                p class="what" {
                    "Acknowledged by " strong { (acknowledgement.acknowledged_by.as_deref().unwrap_or("somebody")) } "."
                }
                p class="when" { (words::clock(acknowledgement.at, now)) }
                @if let Some(note) = &acknowledgement.note { blockquote class="note" { (note) } }
            }
        }
    }
}

fn incident(view: &VoidingView, now: DateTime<Utc>) -> Markup {
    html! {
        @if let Some(incident) = &view.incident {
            li class="step incident" {
                p class="what" {
                    (words::incident_badge()) " " (words::command(&incident.command))
                    @if incident.code.is_some() { " was refused." } @else { " does not get through." }
                }
                p class="when" { "since " (words::clock(incident.since, now)) }
            }
        }
    }
}

fn tried(command: &PendingCommand, now: DateTime<Utc>) -> Markup {
    html! {
        li class="step tried" {
            p class="what" {
                (words::command(&command.name)) " is tried again: attempt " strong { (command.attempt) }
                @match command.next_attempt.filter(|at| *at > now) {
                    Some(at) => { " at " (words::clock(at, now)) "." }
                    None => { " now." }
                }
            }
            @if let Some(error) = &command.last_error { p class="detail" { "Last error: " (error) } }
        }
    }
}
