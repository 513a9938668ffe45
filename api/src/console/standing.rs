//! Where an instance of a process manager stands, and what is wrong with it, in words.

use maud::{Markup, html};
use process_manager::instance::{ParkedFailure, Published};

use super::words;
use crate::temporal::Standing;

/// The standing as a badge: told by colour, sign and word.
pub(super) fn badge(at: Standing) -> Markup {
    let (class, sign, word) = match at {
        Standing::InProgress => ("in-progress", "◐", "In progress"),
        Standing::Parked => ("parked", "!", "Needs a person"),
        Standing::Delayed => ("incident", "⚠", "Command delayed"),
        Standing::Done => ("done", "✓", "Done"),
        Standing::GivenUp => ("given-up", "–", "Given up"),
        Standing::NeverBegan => ("never-began", "–", "Never began"),
        Standing::EndedFromOutside => ("ended", "–", "Ended from outside"),
    };
    html! { span class={ "badge " (class) } { span class="sign" aria-hidden="true" { (sign) } (word) } }
}

/// What has happened when it stands there, in a sentence.
pub(super) const fn sentence(at: Standing) -> &'static str {
    match at {
        Standing::InProgress => "It gets on by itself",
        Standing::Parked => "It has failed, and waits for you; its later events wait behind it",
        Standing::Delayed => "A command does not get through yet; it is tried on",
        Standing::Done => "It has done what it was to do",
        Standing::GivenUp => "A person acknowledged its failure",
        Standing::NeverBegan => "Its input was of no use; somebody started it by hand",
        Standing::EndedFromOutside => "Somebody terminated or cancelled it",
    }
}

/// The codes of failures that are no service's refusal.
const OF_THE_LIBRARY: [&str; 8] = [
    "handle-failed",
    "apply-failed",
    "panicked",
    "not-dispatched",
    "timeout",
    "already-started",
    "not-started",
    "unreadable",
];

/// What is wrong; `None` where all is well.
pub(super) fn trouble(published: &Published) -> Option<Markup> {
    if let Some(failure) = &published.failure {
        return Some(html! { (what_failed(failure)) ": " (code_and_detail(failure)) });
    }
    let overdue = published.overdue.as_ref()?;
    Some(html! { (words::command(&overdue.command)) " " (overdue.detail) })
}

/// The failure as it was told.
pub(super) fn code_and_detail(failure: &ParkedFailure) -> Markup {
    let prefix = format!("refused ({}): ", failure.code);
    let detail = failure.detail.strip_prefix(&prefix).unwrap_or(&failure.detail);
    html! { code { (failure.code) } " " (detail) }
}

/// `Deposit money was refused`, `Money withdrawn could not be handled`
pub(super) fn what_failed(failure: &ParkedFailure) -> String {
    let is_refusal = !OF_THE_LIBRARY.contains(&failure.code.as_str());
    match &failure.command {
        Some(command) if is_refusal => format!("{} was refused", words::command(command)),
        Some(command) => format!("{} failed", words::command(command)),
        None => format!("{} could not be handled", words::command(&failure.event)),
    }
}

/// What to do about a failure with this code.
pub(super) fn remedy(failure: &ParkedFailure) -> &'static str {
    match failure.code.as_str() {
        "handle-failed" | "apply-failed" => {
            "The process manager itself would not take this event, for the reason above. Retry once the reason is gone, for \
             instance when a worker with mended code runs."
        }
        "panicked" => "The process manager’s code broke down over this. Retry once a worker with mended code runs.",
        "not-dispatched" => "The command could not be sent at all. Retry once the reason above is gone.",
        "timeout" => {
            "It was not done within the time that its process manager allows. Retry once the service is fast again."
        }
        "already-started" => {
            "An event that should begin the process found it begun. Retry once the other one has ended."
        }
        "not-started" => "An event that should find the process begun did not. Retry once it has begun.",
        "unreadable" => "This worker cannot read the event. Retry once one that can read it runs.",
        _ => {
            "The service refused the command, and its process manager has no answer to that. Retry once the reason is gone."
        }
    }
}
