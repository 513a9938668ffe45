//! The time line of an instance: which events came in, what its commands led to, what people did.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use messages::CloudEvent;
use process_manager::instance::Acknowledge;

use crate::{
    console::{
        standing::{code_and_detail, what_failed},
        words::{self, command},
    },
    temporal::{Happened, InspectedInstance, Outcome, Past, Step},
};

/// The time line, oldest first, and last what is being tried.
pub(super) fn timeline(past: &Past, inspected: &InspectedInstance, now: DateTime<Utc>) -> Markup {
    html! {
        @if past.is_cut { p class="faint" { "The oldest steps are left out." } }
        ol class="timeline" {
            @for step in &past.steps { (entry(step, now)) }
            @for pending in inspected.pending.iter().filter(|pending| pending.last_error.is_some()) {
                li class="step tried" {
                    p class="what" {
                        (in_flight(inspected)) " is tried again: attempt " strong { (pending.attempt + 1) }
                        @match pending.next_attempt.filter(|at| *at > now) {
                            Some(at) => { " at " (words::clock(at, now)) "." }
                            None => { " now." }
                        }
                    }
                    @if let Some(error) = &pending.last_error { p class="detail" { "Last error: " (error) } }
                }
            }
        }
    }
}

/// Commands go one by one; Temporal itself tells only that one is in flight.
fn in_flight(inspected: &InspectedInstance) -> String {
    let pending = inspected.view.as_ref().and_then(|view| view.pending_commands.first());
    let overdue = inspected.instance.published.overdue.as_ref().map(|overdue| &overdue.command);
    pending.or(overdue).map_or_else(|| "A command".to_owned(), |name| command(name))
}

fn entry(step: &Step, now: DateTime<Utc>) -> Markup {
    let (class, what) = told(&step.what);
    html! {
        li class={ "step " (class) } {
            p class="what" { (what) }
            p class="when" { (words::clock(step.at, now)) }
            @if let Some(detail) = detail(&step.what) { p class="detail" { (detail) } }
            @if let Happened::Acknowledged(Acknowledge { note: Some(note), .. }) = &step.what {
                blockquote class="note" { (note) }
            }
        }
    }
}

fn told(what: &Happened) -> (&'static str, Markup) {
    match what {
        Happened::Continued => {
            ("continued", html! { "It went on in a new run; what was before is in the runs before." })
        }
        Happened::Arrived(events) => ("arrived", html! { (names(events)) " came in." }),
        Happened::Command { name, attempts, outcome } => {
            let at_attempt = html! { @if *attempts > 1 { " at attempt " strong { (attempts) } } };
            match outcome {
                Outcome::Accepted => ("accepted", html! { (command(name)) " was accepted" (at_attempt) "." }),
                Outcome::Refused(_) => ("refused", html! { (command(name)) " was refused" (at_attempt) "." }),
                Outcome::Fault(_) => ("tried", html! { (command(name)) " did not get through" (at_attempt) "." }),
            }
        }
        Happened::Parked(failure) => ("parked", html! { (what_failed(failure)) "; it waits for a person." }),
        Happened::Delayed(overdue) => ("incident", html! { (command(&overdue.command)) " does not get through." }),
        Happened::Retried => ("person", html! { "A person had it tried again." }),
        Happened::Acknowledged(signal) => {
            let by = signal.acknowledged_by.as_deref().unwrap_or("somebody");
            ("person", html! { "Acknowledged by " strong { (by) } "." })
        }
        Happened::Ended(None) => ("done", html! { "It ended: all is done." }),
        Happened::Ended(Some(_)) => ("given-up", html! { "It ended." }),
    }
}

fn names(events: &[CloudEvent]) -> Markup {
    html! {
        @for (index, event) in events.iter().enumerate() {
            @if index > 0 { ", " }
            (command(&event.kind)) " (position " (event.sequence) ")"
        }
    }
}

fn detail(what: &Happened) -> Option<Markup> {
    Some(match what {
        Happened::Command { outcome: Outcome::Refused(text) | Outcome::Fault(text), .. } => html! { (text) },
        Happened::Parked(failure) => code_and_detail(failure),
        Happened::Ended(Some(why)) => html! { (why) },
        _ => return None,
    })
}
