//! Parts of the page of one process: what is wrong and what to do about it, time line, ids, commands for a terminal.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use process_manager::instance::Acknowledge;
use serde_json::json;

use crate::{
    form, instruct,
    parts::{badge, badges, copy},
    session::Visitor,
    view::{Failure, ProcessView, Span, Stalled, Step},
    words,
};

/// Writes the page of a process. `progress` stands above all actions, `aside` beside the time line, `links` below the
/// ids.
pub(crate) fn body(
    visitor: &Visitor,
    view: &ProcessView,
    progress: &Markup,
    (title, aside): (&str, &Markup),
    links: &[(String, &str)],
    namespace: &str,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        p class="summary" {
            (badges(view))
            span { (sentence(view)) " · " (view.since.before) (words::age(view.since.at, now)) (view.since.after) }
        }
        @for failure in &view.failures { (of_failure(visitor, view, failure)) }
        @if let Some(stalled) = &view.stalled { (of_stalled(stalled)) }
        (progress)
        (instruct::forms(visitor, view))
        div class="columns" {
            section class="card" aria-labelledby="about" { h2 id="about" { (title) } (aside) }
            section class="card" aria-labelledby="steps" { h2 id="steps" { "Timeline" } (timeline(view, now)) }
        }
        section class="card" aria-labelledby="ids" {
            h2 id="ids" { "Identifiers" }
            dl class="ids" {
                @for (name, id) in &view.ids {
                    dt { (name) }
                    dd {
                        @match id {
                            Some(id) => { code { (id) } (copy(id, name)) }
                            None => span class="faint" { "not known yet" },
                        }
                    }
                }
            }
            @if !links.is_empty() {
                p class="links" { @for (href, text) in links { a href=(href) rel="noreferrer" { (text) } } }
            }
        }
        (cli(view, namespace))
    }
}

fn of_failure(visitor: &Visitor, view: &ProcessView, failure: &Failure) -> Markup {
    let heading = format!("failure-{}", if failure.can_retry { "retry" } else { "acknowledge" });
    html! {
        section class="card advice failure" aria-labelledby=(heading) {
            h2 id=(heading) { "Action needed: " (failure.what) }
            p class="detail" { code { (failure.code) } " " (failure.detail) }
            p { (failure.remedy) }
            @if failure.can_retry { (retry_form(visitor, view, failure)) }
            @if failure.can_acknowledge { (acknowledge(visitor, view, failure)) }
        }
    }
}

/// Returns a sentence that says where the process stands, or its outcome.
fn sentence(view: &ProcessView) -> String {
    match &view.outcome {
        Some(outcome) => {
            outcome.reason.as_deref().map_or_else(|| "Ended".to_owned(), |reason| format!("Ended: {reason}"))
        }
        None => view.status.sentence.to_owned(),
    }
}

fn of_stalled(stalled: &Stalled) -> Markup {
    html! {
        section class="card advice incident" aria-labelledby="stalled" {
            h2 id="stalled" { (stalled.command) " is stalled" }
            p class="detail" { (stalled.command) " " (stalled.detail) }
            p {
                "It is retried automatically, at least every 30 s, and the incident clears when it succeeds. Check whether "
                (stalled.service) " is up; there is nothing to do here."
            }
        }
    }
}

/// Writes what is wrong in one line of a list; nothing if all is well.
pub(crate) fn trouble(view: &ProcessView, now: DateTime<Utc>) -> Option<Markup> {
    let ago = |at: DateTime<Utc>| html! { " " span class="faint" { (words::age(at, now)) " ago" } };
    if let Some(failure) = view.failures.last() {
        return Some(html! { (failure.what) ": " code { (failure.code) } " " (failure.detail) (ago(failure.since)) });
    }
    let stalled = view.stalled.as_ref()?;
    Some(html! { (stalled.command) " " (stalled.detail) (ago(stalled.since)) })
}

/// Writes the form that retries what failed.
pub(crate) fn retry_form(visitor: &Visitor, view: &ProcessView, failure: &Failure) -> Markup {
    let id = view.target.id();
    let body = html! {
        button type="submit" class="primary" { "Retry" span class="unseen" { " " (id) } }
        (form::result(visitor, id))
    };
    form::form(visitor, view.target.retry(), None, &fields(view, failure), &body)
}

/// Writes the form that acknowledges one failure. If the failure could be retried, that gives the process up, and the
/// form says so.
pub(crate) fn acknowledge(visitor: &Visitor, view: &ProcessView, failure: &Failure) -> Markup {
    let id = view.target.id();
    let (open, send, class) = match failure.giving_up {
        Some(_) => ("Give up …", "Give up", "danger"),
        None => ("Acknowledge …", "Acknowledge failure", "primary"),
    };
    let body = html! {
        @if let Some(effect) = failure.giving_up { p class="hint effect" { (words::capital(effect)) } }
        (who_and_why(&view.key))
        button type="submit" class=(class) { (send) }
        @if !failure.can_retry { (form::result(visitor, id)) }
    };
    html! {
        details class="action" id={ "acknowledge-" (view.key) } {
            summary class={ "button " (class) } { (open) span class="unseen" { " " (id) } }
            (form::form(visitor, view.target.acknowledge(), Some("acknowledge"), &fields(view, failure), &body))
        }
    }
}

fn fields<'a>(view: &'a ProcessView, failure: &'a Failure) -> Vec<(&'a str, &'a str)> {
    view.target.fields().into_iter().chain([("failure_id", failure.id.as_str())]).collect()
}

/// Writes the fields of an acknowledgement.
pub(crate) fn who_and_why(of: &str) -> Markup {
    html! {
        label { span { "Your name" }
            input id={ "by-" (of) } name="acknowledged_by" autocomplete="name" maxlength=(Acknowledge::LONGEST_NAME);
        }
        label class="wide" { span { "Note" }
            input id={ "note-" (of) } name="note" autocomplete="off" maxlength=(Acknowledge::LONGEST_NOTE) placeholder="What did you do about it?";
        }
    }
}

/// Writes the time line, oldest entry first, then the commands that are being retried.
fn timeline(view: &ProcessView, now: DateTime<Utc>) -> Markup {
    html! {
        @if let Some(missing) = &view.steps_missing { p class="faint" { (missing) } }
        ol class="timeline" {
            @for step in &view.steps { (entry(step, now)) }
            @for pending in &view.pending {
                li class="step tried" {
                    p class="what" {
                        (pending.command) " is retried: attempt " strong { (pending.of.attempt + 1) }
                        @match pending.of.next_attempt.filter(|at| *at > now) {
                            Some(at) => { " at " (words::clock(at, now)) "." }
                            None => { " now." }
                        }
                    }
                    @if let Some(error) = &pending.of.last_error { p class="detail" { "Last error: " (error) } }
                }
            }
        }
    }
}

fn entry(step: &Step, now: DateTime<Utc>) -> Markup {
    html! {
        li class={ "step " (step.class) } {
            p class="what" { @if let Some(status) = step.badge { (badge(status)) " " } (step.text) }
            p class="when" {
                (words::clock(step.at, now))
                @match step.span {
                    Span::Moment => {}
                    Span::Lasted(length) => { " · took " (words::duration(length)) }
                    Span::Ongoing => { " · for " (words::age(step.at, now)) }
                }
            }
            @if step.code.is_some() || step.detail.is_some() {
                p class="detail" {
                    @if let Some(code) = &step.code { code { (code) } " " }
                    @if let Some(detail) = &step.detail { (detail) }
                }
            }
            @if let Some(note) = &step.note { blockquote class="note" { (note) } }
        }
    }
}

/// Writes the page's actions for a terminal.
fn cli(view: &ProcessView, namespace: &str) -> Markup {
    html! {
        section class="card" aria-labelledby="cli" {
            h2 id="cli" { "Temporal CLI" }
            @for (name, line) in &commands(view, namespace) {
                p class="cli" { span class="faint" { (name) } code tabindex="0" { (line) } (copy(line, name)) }
            }
        }
    }
}

fn commands(view: &ProcessView, namespace: &str) -> Vec<(&'static str, String)> {
    let namespace = match namespace {
        "" | "default" => String::new(),
        other => format!("--namespace {} ", quoted(other)),
    };
    let workflow = quoted(&view.workflow_id);
    let signal = |name: &str, input: &serde_json::Value| {
        let input = quoted(&input.to_string());
        format!("temporal workflow signal {namespace}--workflow-id {workflow} --name {name} --input {input}")
    };
    let acknowledge = view.failures.iter().filter(|failure| failure.can_acknowledge).map(|failure| {
        let input = json!({"acknowledged_by": "you", "note": "why", "failure_id": failure.id});
        ("Acknowledge", signal(view.target.acknowledge_signal(), &input))
    });
    let retry = view.failures.iter().filter(|failure| failure.can_retry);
    let retry = retry.map(|failure| ("Retry", signal("retry", &json!({"failure_id": failure.id}))));
    let instruct = view.instructions().iter().map(|instruction| {
        let usual = instruction.field.as_ref().map_or("", |field| field.usual);
        let data = instruction.data(usual).unwrap_or_default();
        (instruction.button, signal("instruct", &json!({"type": instruction.kind, "data": data})))
    });
    let look = format!("temporal workflow query {namespace}--workflow-id {workflow} --type state");
    acknowledge.chain(retry).chain(instruct).chain([("Inspect", look)]).collect()
}

/// Quotes a text as one word for a shell: an id may be any text.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_any_id_as_one_word() {
        for (text, word) in
            [("T-a.b_c", "T-a.b_c"), ("a b", "'a b'"), ("a'; rm x", r"'a'\''; rm x'"), ("$(x)", "'$(x)'")]
        {
            assert_eq!(quoted(text), word);
        }
    }
}
