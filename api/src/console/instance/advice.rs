//! What is wrong with an instance, and what to do about it.

use maud::{Markup, html};
use process_manager::instance::{Overdue, ParkedFailure};

use crate::{
    console::{
        form,
        managers::Manager,
        processes::who_and_why,
        standing::{code_and_detail, remedy, what_failed},
        visitor::Visitor,
        words,
    },
    temporal::Instance,
};

/// Failure and delay with what can be done; nothing where all is well.
pub(super) fn advice(manager: &Manager, visitor: &Visitor, instance: &Instance) -> Markup {
    html! {
        @if let Some(failure) = &instance.published.failure { (of_failure(manager, visitor, instance, failure)) }
        @else if let Some(overdue) = &instance.published.overdue { (of_delay(overdue)) }
    }
}

fn of_failure(manager: &Manager, visitor: &Visitor, instance: &Instance, failure: &ParkedFailure) -> Markup {
    html! {
        section class="card advice failure" aria-labelledby="failure" {
            h2 id="failure" { "Waits for you: " (what_failed(failure)) }
            p class="detail" { (code_and_detail(failure)) }
            p {
                (remedy(failure)) " Or acknowledge: " (manager.giving_up)
            }
            form method="post" action="/console/instance/retry" hx-post="/console/instance/retry"
                hx-target="find .result" hx-disabled-elt="find button" {
                (hidden(manager, visitor, instance, failure))
                button type="submit" { "Retry" }
                (form::result(visitor, &instance.process_id))
            }
            form class="acknowledge" method="post" action="/console/instance/acknowledge"
                hx-post="/console/instance/acknowledge" hx-target="find .result" hx-disabled-elt="find button" {
                (hidden(manager, visitor, instance, failure))
                (who_and_why(&instance.run_id))
                button type="submit" class="primary" { "Acknowledge failure" }
                (form::result(visitor, &instance.process_id))
            }
        }
    }
}

fn hidden(manager: &Manager, visitor: &Visitor, instance: &Instance, failure: &ParkedFailure) -> Markup {
    html! {
        (form::hidden(visitor))
        input type="hidden" name="manager" value=(manager.name);
        input type="hidden" name="process_id" value=(instance.process_id);
        input type="hidden" name="failure_id" value=(failure.failure_id);
    }
}

fn of_delay(overdue: &Overdue) -> Markup {
    html! {
        section class="card advice incident" aria-labelledby="delay" {
            h2 id="delay" { (words::command(&overdue.command)) " does not get through" }
            p class="detail" { (words::command(&overdue.command)) " " (overdue.detail) }
            p {
                "It is tried again by itself, at least every 30 s, and this clears when it gets through. See whether the \
                 service that it goes to is up; there is nothing to do here."
            }
        }
    }
}
