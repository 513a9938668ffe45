//! An instance of a process manager in the console's vocabulary.

use chrono::{DateTime, Utc};
use messages::CloudEvent;
use process_manager::{
    failure_code,
    instance::{InstanceView, ParkedFailure, Status as Doing},
    manager::Attention,
};
use process_manager_host::operator::{Answer, Instance, InstanceStatus, Timeline, TimelineEntry, TimelineEvent};

use super::{Failure, Pending, ProcessView, Since, Span, Stalled, Status, Step, Target};
use crate::{
    fact::Fact,
    managers::Manager,
    words::{capital, command},
};

/// Maps an instance.
pub(crate) fn view(manager: &'static Manager, instance: Instance) -> ProcessView {
    let attention = instance.attention.as_ref();
    let status = if attention.is_some() && instance.failure.is_none() {
        Status::NEEDS_OPERATOR
    } else {
        Status::of_instance(instance.status)
    };
    let workflow_id = manager.workflow_id(&instance.process_id);
    let told = instance.view.as_ref();
    let began = Fact { at: Some(instance.started_at), ..Fact::new("Began", "") };
    let parked = instance.failure.iter().map(|failure| of_failure(manager, failure));
    let (before, after) = if status.is_running { ("for ", " now") } else { ("", " ago") };
    ProcessView {
        target: Target::Instance(manager, instance.process_id.clone()),
        key: instance.run_id.clone(),
        status,
        trouble: None,
        outcome: instance.outcome.clone(),
        process_id: None,
        is_last_known: false,
        began_at: instance.started_at,
        since: Since { before, at: since(&instance), after },
        customer: None,
        failures: attention.map(|attention| of_attention(manager, attention)).into_iter().chain(parked).collect(),
        stalled: instance.stalled.as_ref().map(|stalled| Stalled {
            command: command(&stalled.command),
            detail: stalled.detail.clone(),
            since: stalled.since,
            service: "the service that it goes to",
        }),
        pending: pending(&instance),
        steps: Vec::new(),
        steps_missing: None,
        progress: None,
        facts: told.map(|view| manager.facts(&view.state)).unwrap_or_default(),
        doing: std::iter::once(began).chain(told.into_iter().flat_map(|view| doing(manager, view))).collect(),
        state: told.map(|view| &view.state).filter(|state| !state.is_null()).map(|state| format!("{state:#}")),
        hint: (told.is_none() && status.is_running)
            .then_some("No worker tells more at the moment; this is what Temporal knows by itself."),
        ids: vec![
            ("Process", Some(instance.process_id)),
            ("Workflow", Some(workflow_id.clone())),
            ("Run", Some(instance.run_id.clone())),
        ],
        workflow_id,
        run_id: Some(instance.run_id),
    }
}

/// Adds the time line. If the state has provided no facts, adds those of the first event that has some.
pub(crate) fn add_timeline(view: &mut ProcessView, manager: &Manager, timeline: Timeline) {
    let delivered = timeline.entries.iter().filter_map(|entry| match &entry.event {
        TimelineEvent::Delivered(events) => Some(events),
        _ => None,
    });
    if view.facts.is_empty()
        && let Some(facts) = delivered.flatten().map(|event| manager.facts(&event.data)).find(|facts| !facts.is_empty())
    {
        view.facts = facts;
    }
    view.steps_missing = timeline.is_cut.then(|| "The oldest steps are left out.".to_owned());
    view.steps = timeline.entries.into_iter().map(step).collect();
}

/// Returns the command in flight. Temporal itself reports only that there is one; commands are sent one by one.
fn pending(instance: &Instance) -> Vec<Pending> {
    let first = instance.view.as_ref().and_then(|view| view.pending_commands.first());
    let name = first.or(instance.stalled.as_ref().map(|stalled| &stalled.command));
    let command = name.map_or_else(|| "A command".to_owned(), |name| command(name));
    let failed = instance.pending.iter().filter(|pending| pending.last_error.is_some());
    failed.map(|of| Pending { command: command.clone(), of: of.clone() }).collect()
}

/// Returns the time since which it has had its status.
fn since(instance: &Instance) -> DateTime<Utc> {
    let attention = instance.attention.as_ref().filter(|_| instance.failure.is_none());
    attention.map_or_else(|| instance.since(), |attention| attention.since)
}

/// Returns the instance's own account of its progress.
fn doing(manager: &Manager, view: &InstanceView) -> Vec<Fact> {
    let doing = match view.status {
        Doing::Waiting => "waits for its next event",
        Doing::Handling => "handles an event",
        Doing::Retrying => "waits for its next retry",
        Doing::Parked => "waits for an operator",
        Doing::Ended => "ends",
        _ => "runs",
    };
    let event = view.event.iter().map(|event| format!(": {}", command(event)));
    let at = view.retry_at.iter().map(|_| ", at ".to_owned());
    let text = std::iter::once(doing.to_owned()).chain(event).chain(at).collect::<String>();
    let mut facts = vec![Fact { at: view.retry_at, ..Fact::new("Now", text) }];
    if !view.pending_commands.is_empty() {
        let names: Vec<_> = view.pending_commands.iter().map(|name| command(name)).collect();
        facts.push(Fact::new("Pending commands", names.join(", ")));
    }
    facts.extend(view.timers.iter().map(|timer| {
        let of_unknown = || Fact::new("Timer", format!("“{}”, at ", timer.name));
        let fact = manager.timer(&timer.name).map_or_else(of_unknown, |words| Fact::new(words, ""));
        Fact { at: Some(timer.due_at), ..fact }
    }));
    facts.push(Fact::new("Events", format!("{} handled, {} waiting", view.handled_events, view.queued_events)));
    facts.push(Fact::new("Version", view.version.to_string()));
    facts
}

/// Presents attention as a failure that cannot be retried.
fn of_attention(manager: &Manager, attention: &Attention) -> Failure {
    Failure {
        id: String::new(),
        what: capital(&attention.code.replace('-', " ")),
        code: attention.code.clone(),
        detail: attention.detail.clone(),
        since: attention.since,
        remedy: manager.attention.to_owned(),
        giving_up: None,
        can_retry: false,
        can_acknowledge: false,
    }
}

fn of_failure(manager: &Manager, failure: &ParkedFailure) -> Failure {
    Failure {
        id: failure.failure_id.clone(),
        what: what_failed(failure),
        code: failure.code.clone(),
        detail: detail(failure),
        since: failure.at,
        remedy: remedy(failure).to_owned(),
        giving_up: Some(manager.giving_up),
        can_retry: true,
        can_acknowledge: true,
    }
}

/// Returns the detail of a failure, without the code that is shown before it.
fn detail(failure: &ParkedFailure) -> String {
    failure.refusal.as_ref().map_or(&failure.detail, |refusal| &refusal.detail).clone()
}

/// Returns what failed, such as `Deposit money was refused`, `Money withdrawn could not be handled`
fn what_failed(failure: &ParkedFailure) -> String {
    if failure.code == failure_code::ENDED_FROM_OUTSIDE {
        return "The run was ended from outside".to_owned();
    }
    match &failure.command {
        Some(name) if failure.refusal.is_some() => format!("{} was refused", command(name)),
        Some(name) => format!("{} failed", command(name)),
        None => format!("{} could not be handled", command(&failure.event)),
    }
}

fn remedy(failure: &ParkedFailure) -> &'static str {
    match failure.code.as_str() {
        failure_code::HANDLE_FAILED | failure_code::APPLY_FAILED => {
            "The process manager did not accept this event, for the reason above. Retry once the reason is gone, for \
             instance when a worker with fixed code runs."
        }
        failure_code::PANICKED => "The process manager panicked. Retry once a worker with fixed code runs.",
        failure_code::TOO_LARGE | failure_code::UNSERIALIZABLE => {
            "Nothing of it was sent or taken. Retry once a worker runs whose code makes less of it, or another form."
        }
        failure_code::COMMANDS_CHANGED | failure_code::STATE_UNREADABLE => {
            "The code has changed too much for this process. Retry once a worker with fixed code runs."
        }
        failure_code::ENDED_FROM_OUTSIDE => {
            "An operator or Temporal has ended the run, for the reason above. A retry goes on where the process was."
        }
        failure_code::NOT_DISPATCHED => "The command could not be sent at all. Retry once the reason above is gone.",
        failure_code::TIMEOUT => {
            "The command did not succeed within the time that the process manager allows. Retry once the service is fast \
             again."
        }
        failure_code::ALREADY_STARTED => {
            "An event that should begin the process found it begun. Retry once the other one has ended."
        }
        failure_code::NOT_STARTED => "An event that should find the process begun did not. Retry once it has begun.",
        failure_code::UNREADABLE => "This worker cannot read the event. Retry once one that can read it runs.",
        _ if failure.refusal.is_some() => {
            "The service refused the command, and the process manager does not handle that. Retry once the reason is gone."
        }
        _ => "Retry once the reason above is gone.",
    }
}

fn step(entry: TimelineEntry) -> Step {
    let at = entry.at;
    match entry.event {
        TimelineEvent::Continued => {
            Step::new(at, "continued", "Continued in a new run; the earlier steps are in the runs before.")
        }
        TimelineEvent::Delivered(events) => Step::new(at, "arrived", format!("{} received.", names(&events))),
        TimelineEvent::Command { name, attempts, answer } => {
            let at_attempt = if attempts > 1 { format!(" at attempt {attempts}") } else { String::new() };
            let (class, what, code, detail) = match answer {
                Answer::Accepted => ("accepted", "was accepted", None, None),
                Answer::Refused(refusal) => ("refused", "was refused", Some(refusal.code), Some(refusal.detail)),
                Answer::Fault(why) => ("tried", "failed and is retried", None, Some(why)),
                Answer::Impossible(why) => ("refused", "could not be sent", None, Some(why)),
                _ => ("accepted", "was answered", None, None),
            };
            Step { code, detail, ..Step::new(at, class, format!("{} {what}{at_attempt}.", command(&name))) }
        }
        TimelineEvent::Parked(failure) => Step {
            code: Some(failure.code.clone()),
            detail: Some(detail(&failure)),
            ..Step::new(at, "parked", format!("{}; it waits for an operator.", what_failed(&failure)))
        },
        TimelineEvent::Stalled(stalled) => Step {
            span: Span::Moment,
            ..Step::new(at, "incident", format!("{} is stalled.", command(&stalled.command)))
        },
        TimelineEvent::TimerDue(name) => Step::new(at, "arrived", format!("Timer “{name}” was due.")),
        TimelineEvent::Instructed(name) => Step::new(at, "person", format!("An operator sent the instruction {name}.")),
        TimelineEvent::Retried => Step::new(at, "person", "Retried by an operator."),
        TimelineEvent::Acknowledged(by) => Step::acknowledged(at, by.acknowledged_by.as_deref(), by.note.as_deref()),
        TimelineEvent::Ended(None) => Step::new(at, "ended", "Finished."),
        TimelineEvent::Ended(why) => Step { detail: why, ..Step::new(at, "given-up", "Ended.") },
        _ => Step::new(at, "", "An entry of a newer version."),
    }
}

fn names(events: &[CloudEvent]) -> String {
    let name = |event: &CloudEvent| format!("{} (event {})", command(&event.kind), event.sequence);
    events.iter().map(name).collect::<Vec<_>>().join(", ")
}

impl Status {
    /// The status of an instance that goes on although it needs an operator.
    const NEEDS_OPERATOR: Self = Self {
        class: "parked",
        sign: "!",
        word: "Needs attention",
        sentence: "Waiting for an operator; it goes on meanwhile",
        is_running: true,
    };

    /// Returns the status of an instance.
    pub(crate) fn of_instance(status: InstanceStatus) -> Self {
        let (class, sign, word, sentence) = match status {
            InstanceStatus::Running => ("in-progress", "◐", "In progress", "Running normally"),
            InstanceStatus::Parked => (
                "parked",
                "!",
                "Needs attention",
                "Failed and waiting for an operator; later events wait behind the failure",
            ),
            InstanceStatus::Stalled => {
                ("incident", "⟳", "Retrying", "A command is stalled and is being retried automatically")
            }
            InstanceStatus::Done => ("ended", "–", "Ended", "Ended by its process manager, which declared no outcome"),
            InstanceStatus::GivenUp => ("given-up", "–", "Given up", "An operator acknowledged its failure"),
            InstanceStatus::NeverBegan => {
                ("never-began", "–", "Invalid start", "Started manually with an input that could not be read")
            }
            InstanceStatus::Terminated => ("ended", "–", "Terminated", "Terminated or cancelled from outside"),
            _ => ("", "–", "Unknown", "In a status of a newer version"),
        };
        Self { class, sign, word, sentence, is_running: status.is_running() }
    }
}
