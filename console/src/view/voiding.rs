//! A voiding in the console's vocabulary.

use messages::{
    code,
    voiding::{self, Incident, VoidingState, VoidingView},
};
use process_manager_host::operator::Trouble;
use voiding_client::{Process, RetriedCommand};
use workflows::voiding::workflow_id;

use super::{Failure, Pending, ProcessView, Progress, Since, Span, Stalled, Status, Step, Target};
use crate::words::command;

/// Maps a voiding.
pub(crate) fn view(process: Process) -> ProcessView {
    let view = &process.view;
    let mut steps: Vec<Step> = steps(view).collect();
    // A step follows its cause of the same moment.
    steps.splice(
        0..0,
        view.acknowledgement.iter().map(|acknowledgement| {
            Step::acknowledged(
                acknowledgement.at,
                acknowledgement.acknowledged_by.as_deref(),
                acknowledgement.note.as_deref(),
            )
        }),
    );
    steps.sort_by_key(|step| step.at);
    let stalled = view.incident.iter().find(|incident| incident.code.is_none()).map(stalled);
    ProcessView {
        target: Target::Voiding(view.document_id.clone()),
        key: view.document_id.to_string(),
        status: Status::of_voiding(view.state),
        trouble: view.incident.as_ref().map(|incident| match incident.code {
            Some(_) => Trouble::NeedsAttention,
            None => Trouble::Retrying,
        }),
        outcome: None,
        process_id: view.process_id.as_ref().map(ToString::to_string),
        is_last_known: process.run_id.is_none(),
        began_at: process.requested_at,
        since: Since { before: "requested ", at: process.requested_at, after: " ago" },
        customer: view.customer_id.clone(),
        failures: failures(&process),
        stalled,
        pending: process.pending.iter().map(|of| Pending { command: command(&of.name), of: of.clone() }).collect(),
        steps,
        steps_missing: process.steps_missing.as_ref().map(|why| format!("The steps are not known: {why}.")),
        progress: Some(Progress { passed: view.steps.iter().map(|step| step.state).collect(), at: view.state }),
        facts: Vec::new(),
        doing: Vec::new(),
        state: None,
        hint: None,
        workflow_id: workflow_id(&view.document_id),
        ids: vec![
            ("Document", Some(view.document_id.to_string())),
            ("Process", view.process_id.as_ref().map(ToString::to_string)),
            ("Customer", view.customer_id.as_ref().map(ToString::to_string)),
            ("Workflow", Some(workflow_id(&view.document_id))),
        ],
        run_id: process.run_id,
    }
}

/// Adds the commands that succeeded after retries.
pub(crate) fn add_retried(view: &mut ProcessView, retried: Vec<RetriedCommand>) {
    // The latest run may belong to another process than the one shown.
    let of_this = retried.into_iter().filter(|retried| retried.from >= view.began_at);
    let steps = of_this.map(|retried| Step {
        span: Span::Lasted(retried.to - retried.from),
        detail: retried.last_error.map(|error| format!("Last error: {error}")),
        ..Step::new(
            retried.to,
            "retried",
            format!("{} was answered at attempt {}.", command(&retried.name), retried.attempts),
        )
    });
    view.steps.splice(0..0, steps);
    view.steps.sort_by_key(|step| step.at);
}

fn steps(view: &VoidingView) -> impl Iterator<Item = Step> {
    let ends = view.steps.iter().skip(1).map(|step| Some(step.at)).chain([None]);
    let reached = view.steps.iter().zip(ends).map(|(step, end)| {
        let status = Status::of_voiding(step.state);
        let refused = view.failure.as_ref().filter(|_| step.state == VoidingState::MarkingDocumentAsVoidedFailed);
        Step {
            badge: Some(status),
            span: match end {
                Some(end) => Span::Lasted(end - step.at),
                None if step.state.is_final() => Span::Moment,
                None => Span::Ongoing,
            },
            code: refused.map(|failure| failure.code.clone()),
            detail: refused.map(|failure| failure.detail.clone()),
            ..Step::new(step.at, status.class, format!("{}.", status.sentence))
        }
    });
    let incident = view.incident.iter().map(|incident| {
        let what = if incident.code.is_some() { "was refused" } else { "is stalled" };
        let text = format!("{} {what}.", command(&incident.command));
        let class = if incident.code.is_some() { "parked" } else { "incident" };
        Step { span: Span::Ongoing, ..Step::new(incident.since, class, text) }
    });
    reached.chain(incident)
}

fn failures(process: &Process) -> Vec<Failure> {
    let view = &process.view;
    let is_open = view.acknowledgement.is_none() && !view.state.is_final();
    let marking = view.failure.iter().filter(|_| is_open).map(|failure| of_marking(process, failure));
    let refused = view.incident.iter().filter_map(|incident| of_command(process, incident));
    marking.chain(refused).collect()
}

fn of_marking(process: &Process, failure: &voiding::Failure) -> Failure {
    let reason = match failure.code.as_str() {
        code::REPORT_PUBLISHED => {
            "The customer has received the report that contains this document, so it can no longer be voided: correct it \
             with another document, such as a credit note, and tell the customer."
        }
        code::MARKED_BY_ANOTHER_PROCESS => {
            "Another process has marked this document in Reports: check how that one ended before anything else."
        }
        _ => "The code and the text above say why Reports refused.",
    };
    Failure {
        id: failure.failure_id.clone(),
        what: "Reports refused the voiding".to_owned(),
        code: failure.code.clone(),
        detail: failure.detail.clone(),
        since: failure.at,
        remedy: format!("{reason} When that is settled, acknowledge: the process ends, and the document stays issued."),
        giving_up: None,
        can_retry: false,
        can_acknowledge: process.to_acknowledge.as_ref() == Some(&failure.failure_id),
    }
}

fn of_command(process: &Process, incident: &Incident) -> Option<Failure> {
    let can_acknowledge = process.to_acknowledge.as_ref() == Some(&incident.failure_id);
    let giving_up = "Reports counts the document again, the process ends, and the document stays issued.";
    Some(Failure {
        id: incident.failure_id.clone(),
        what: format!("{} was refused", command(&incident.command)),
        code: incident.code.clone()?,
        detail: incident.detail.clone(),
        since: incident.since,
        remedy: "Retry once the reason is gone.".to_owned(),
        giving_up: can_acknowledge.then_some(giving_up),
        can_retry: process.to_retry.as_ref() == Some(&incident.failure_id),
        can_acknowledge,
    })
}

fn stalled(incident: &Incident) -> Stalled {
    Stalled {
        command: command(&incident.command),
        detail: incident.detail.clone(),
        since: incident.since,
        service: match incident.command.as_str() {
            "MarkDocumentAsVoided" | "UnmarkDocumentAsVoided" => "Reports",
            _ => "Billing",
        },
    }
}

impl Status {
    /// Returns the status of a voiding in this state.
    pub(crate) const fn of_voiding(state: VoidingState) -> Self {
        let (sign, word, sentence) = match state {
            VoidingState::VoidingRequested => {
                ("○", "Requested", "Billing accepted the request and opened this process")
            }
            VoidingState::MarkingDocumentAsVoidedSucceeded => {
                ("◐", "Marked", "Reports took the document out of its customer's total")
            }
            VoidingState::MarkingDocumentAsVoidedFailed => {
                ("!", "Refused", "Reports refused, and the document stays issued")
            }
            VoidingState::DocumentVoided => ("✓", "Voided", "Billing voided the document"),
            VoidingState::FailureAcknowledged => {
                ("–", "Acknowledged", "An operator acknowledged the failure; the document stays issued")
            }
        };
        Self { class: state.as_str(), sign, word, sentence, is_running: !state.is_final() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn process(incident: &serde_json::Value, to_acknowledge: Option<&str>) -> Process {
        let view = serde_json::from_value(json!({
            "state": "marking-document-as-voided-failed", "process_id": "p-1", "document_id": "d-1", "customer_id": "c-1",
            "failure": {"failure_id": "p-1/1", "code": "report-published", "detail": "d", "at": "2026-01-01T00:00:02Z"},
            "incident": incident,
            "steps": [
                {"state": "voiding-requested", "at": "2026-01-01T00:00:01Z"},
                {"state": "marking-document-as-voided-failed", "at": "2026-01-01T00:00:02Z"},
            ],
        }));
        Process {
            view: view.unwrap(),
            requested_at: "2026-01-01T00:00:01Z".parse().unwrap(),
            updated_at: "2026-01-01T00:00:02Z".parse().unwrap(),
            steps_missing: None,
            run_id: Some("r-1".to_owned()),
            to_acknowledge: to_acknowledge.map(str::to_owned),
            to_retry: incident["code"].as_str().map(|_| "p-1/2".to_owned()),
            pending: Vec::new(),
        }
    }

    #[test]
    fn a_refused_marking_waits_for_its_acknowledgement() {
        let view = view(process(&json!(null), Some("p-1/1")));
        let [failure] = &view.failures[..] else { panic!("{view:?}") };
        assert_eq!((failure.can_acknowledge, failure.can_retry), (true, false));
        assert_eq!((view.stalled, view.trouble), (None, None));
        assert_eq!(view.steps[0].span, Span::Lasted(chrono::TimeDelta::seconds(1)));
        assert_eq!(view.steps[1].code.as_deref(), Some("report-published"));
    }

    #[test]
    fn an_incident_is_a_failure_where_it_was_refused_and_else_a_stalled_command() {
        let mut incident = json!({
            "failure_id": "p-1/2", "command": "AbortDocumentVoiding", "detail": "d", "since": "2026-01-01T00:00:03Z"
        });
        let stalled = view(process(&incident, Some("p-1/1")));
        assert_eq!(stalled.stalled.unwrap().command, "Abort document voiding");
        assert_eq!(stalled.trouble, Some(Trouble::Retrying));
        assert_eq!(stalled.failures.len(), 1);
        incident["code"] = "locked".into();
        let refused = view(process(&incident, Some("p-1/1")));
        assert_eq!((&refused.stalled, refused.trouble), (&None, Some(Trouble::NeedsAttention)));
        let actions = refused.failures.iter().map(|failure| (failure.can_acknowledge, failure.can_retry));
        assert_eq!(actions.collect::<Vec<_>>(), [(true, false), (false, true)]);
    }
}
