//! The time line: what has happened, when, how long it took, and what is being tried now.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::voiding::{Acknowledgement, Step, VoidingState, VoidingView};

use super::model::Model;
use crate::{
    console::words,
    temporal::{PendingCommand, RetriedCommand},
};

/// The time line, oldest first.
pub(super) fn timeline(view: &VoidingView, model: &Model, missing: Option<&str>, now: DateTime<Utc>) -> Markup {
    let ends = view.steps.iter().skip(1).map(|step| Some(step.at)).chain([None]);
    let steps = view.steps.iter().zip(ends).map(|(step, end)| (step.at, taken(view, step, end, now)));
    let retried = model.retried.iter().map(|command| (command.to, got_through(command, now)));
    let person =
        view.acknowledgement.iter().map(|acknowledgement| (acknowledgement.at, acknowledged(acknowledgement, now)));
    // What comes at the same moment as a step led to it.
    let mut entries: Vec<(DateTime<Utc>, Markup)> = retried.chain(person).chain(steps).collect();
    entries.sort_by_key(|(at, _)| *at);
    html! {
        @if let Some(missing) = missing { p class="faint" { "The steps are not known: " (missing) "." } }
        ol class="timeline" {
            @for (_, entry) in &entries { (entry) }
            (incident(view, now))
            @for command in &model.pending { (tried(command, now)) }
        }
    }
}

fn taken(view: &VoidingView, step: &Step, end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    html! {
        li class={ "step " (step.state.as_str()) } {
            p class="what" { (words::badge(step.state)) " " (words::sentence(step.state)) "." }
            p class="when" { (words::clock(step.at, now)) (lasted(step.at, end, step.state, now)) }
            @if step.state == VoidingState::MarkingDocumentAsVoidedFailed { (refusal(view)) }
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

fn acknowledged(acknowledgement: &Acknowledgement, now: DateTime<Utc>) -> Markup {
    html! {
        li class="step person" {
            p class="what" {
                "Acknowledged by " strong { (acknowledgement.acknowledged_by.as_deref().unwrap_or("somebody")) } "."
            }
            p class="when" { (words::clock(acknowledgement.at, now)) }
            @if let Some(note) = &acknowledgement.note { blockquote class="note" { (note) } }
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

fn got_through(command: &RetriedCommand, now: DateTime<Utc>) -> Markup {
    html! {
        li class="step retried" {
            p class="what" {
                (words::command(&command.name)) " was answered at attempt " strong { (command.attempts) } "."
            }
            p class="when" { (words::clock(command.from, now)) " · took " (words::duration(command.to - command.from)) }
            @if let Some(error) = &command.last_error { p class="detail" { "Last error: " (error) } }
        }
    }
}

fn tried(command: &PendingCommand, now: DateTime<Utc>) -> Markup {
    html! {
        li class="step tried" {
            p class="what" {
                (words::command(&command.name)) " is tried again: attempt " strong { (command.attempt + 1) }
                @match command.next_attempt.filter(|at| *at > now) {
                    Some(at) => { " at " (words::clock(at, now)) "." }
                    None => { " now." }
                }
            }
            @if let Some(error) = &command.last_error { p class="detail" { "Last error: " (error) } }
        }
    }
}
