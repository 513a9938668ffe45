//! What is known of a voiding: from its run, or from Billing alone.

use chrono::{DateTime, SubsecRound, Utc};
use messages::{
    ProcessId,
    billing::{Document, DocumentStatus, DocumentVoiding},
    voiding::{Step, VoidingState, VoidingView},
};
use process_manager_host::operator::PendingCommand;
use uuid::Uuid;

use crate::Run;

/// Number of decimals of a second in Temporal's times.
const MICROSECONDS: u16 = 6;
const NO_RUN: &str = "Temporal has no run of this process; its state comes from Billing";

/// What is known of a voiding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The state of the process.
    pub view: VoidingView,
    /// Time when the voiding was requested.
    pub requested_at: DateTime<Utc>,
    /// Time of the latest known change.
    pub updated_at: DateTime<Utc>,
    /// The reason why the view lacks steps, if it does.
    pub steps_missing: Option<String>,
    /// Temporal's id of the run; `None` if only Billing knows the process.
    pub run_id: Option<String>,
    /// Id of the failure or refused completion that waits for an acknowledgement.
    pub to_acknowledge: Option<String>,
    /// Id of the refused command that may be retried.
    pub to_retry: Option<String>,
    /// Commands in flight; empty in a list.
    pub pending: Vec<PendingCommand>,
}

impl From<Run> for Process {
    fn from(run: Run) -> Self {
        Self {
            requested_at: requested_at(&run),
            updated_at: last_change(&run.view).max(run.closed_at).unwrap_or(run.started_at),
            to_acknowledge: run.to_acknowledge().map(str::to_owned),
            to_retry: run.to_retry().map(str::to_owned),
            steps_missing: run.steps_missing,
            run_id: Some(run.run_id),
            pending: run.pending,
            view: run.view,
        }
    }
}

impl Process {
    /// Creates a process that Billing has accepted and whose run has just been started.
    #[must_use]
    pub fn started(accepted: &DocumentVoiding, run_id: String, now: DateTime<Utc>) -> Self {
        let (state, now) = (VoidingState::VoidingRequested, now.trunc_subsecs(MICROSECONDS));
        let view = VoidingView { steps: vec![Step { state, at: now }], ..said_by_billing(state, accepted) };
        let requested_at = opened_at(&accepted.process_id).unwrap_or(now);
        Self { run_id: Some(run_id), steps_missing: None, ..Self::without_steps(view, requested_at, now, "") }
    }

    /// Creates a process whose state is known from Billing alone.
    #[must_use]
    pub fn without_run(state: VoidingState, process: &DocumentVoiding, now: DateTime<Utc>) -> Self {
        let requested_at = opened_at(&process.process_id).unwrap_or(now);
        Self::without_steps(said_by_billing(state, process), requested_at, requested_at, NO_RUN)
    }

    /// Creates the voiding that follows from a document in Billing, if there is one.
    #[must_use]
    pub fn of_document(document: Document) -> Option<Self> {
        let state = match (document.status, &document.process_id) {
            (DocumentStatus::Voided, _) => VoidingState::DocumentVoided,
            (DocumentStatus::VoidingRequested, _) => VoidingState::VoidingRequested,
            // Aborted but not closed: the failure waits for its acknowledgement.
            (DocumentStatus::Issued, Some(_)) => VoidingState::MarkingDocumentAsVoidedFailed,
            (DocumentStatus::Issued, None) => return None,
        };
        let last_known = document.voided_at.unwrap_or(document.issued_at);
        let requested_at = document.process_id.as_ref().and_then(opened_at).unwrap_or(last_known);
        let view = VoidingView {
            state,
            process_id: document.process_id,
            document_id: document.document_id,
            customer_id: Some(document.customer_id),
            failure: None,
            incident: None,
            acknowledgement: None,
            steps: Vec::new(),
        };
        Some(Self::without_steps(view, requested_at, last_known.max(requested_at), NO_RUN))
    }

    fn without_steps(view: VoidingView, requested_at: DateTime<Utc>, updated_at: DateTime<Utc>, why: &str) -> Self {
        Self {
            view,
            requested_at,
            updated_at,
            steps_missing: Some(why.to_owned()),
            run_id: None,
            to_acknowledge: None,
            to_retry: None,
            pending: Vec::new(),
        }
    }

    /// Returns whether a client that waits for this process has its answer.
    #[must_use]
    pub fn is_settled(&self, process_id: &ProcessId) -> bool {
        let settled = self.view.state.is_final() || self.view.state == VoidingState::MarkingDocumentAsVoidedFailed;
        settled && self.view.process_id.as_ref() == Some(process_id)
    }
}

fn said_by_billing(state: VoidingState, process: &DocumentVoiding) -> VoidingView {
    VoidingView {
        state,
        process_id: Some(process.process_id.clone()),
        document_id: process.document_id.clone(),
        customer_id: Some(process.customer_id.clone()),
        failure: None,
        incident: None,
        acknowledgement: None,
        steps: Vec::new(),
    }
}

/// Returns the time in a process id: Billing makes UUIDv7 ids, which begin with the time.
/// Returns when Billing opened the process, or when its run began: that may be later, or the other way round if the run
/// asked Billing for the process.
fn requested_at(run: &Run) -> DateTime<Utc> {
    let begun = run.view.steps.first().map_or(run.started_at, |step| step.at);
    run.view.process_id.as_ref().and_then(opened_at).map_or(begun, |opened_at| opened_at.min(begun))
}

fn opened_at(process_id: &ProcessId) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = Uuid::parse_str(process_id.as_str()).ok()?.get_timestamp()?.to_unix();
    DateTime::from_timestamp(seconds.try_into().ok()?, nanos)
}

fn last_change(view: &VoidingView) -> Option<DateTime<Utc>> {
    let steps = view.steps.iter().map(|step| step.at);
    let failure = view.failure.iter().map(|failure| failure.at);
    let incident = view.incident.iter().map(|incident| incident.since);
    let acknowledgement = view.acknowledgement.iter().map(|acknowledgement| acknowledgement.at);
    steps.chain(failure).chain(incident).chain(acknowledgement).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn document(status: &str, process_id: Option<&str>) -> Document {
        serde_json::from_value(serde_json::json!({
            "document_id": "d-1", "customer_id": "c-1", "kind": "invoice", "total": {"amount": "1.00", "currency": "EUR"},
            "status": status, "process_id": process_id, "issued_at": "2026-01-01T00:00:00Z",
            "voided_at": (status == "voided").then_some("2026-01-02T00:00:00Z"),
        }))
        .unwrap()
    }

    fn run() -> Run {
        let view = serde_json::from_value(serde_json::json!({
            "state": "document-voided", "process_id": "p-1", "document_id": "d-1", "customer_id": "c-1",
            "steps": [
                {"state": "voiding-requested", "at": "2026-01-01T00:00:01Z"},
                {"state": "document-voided", "at": "2026-01-01T00:00:05Z"},
            ],
        }));
        Run {
            run_id: "r-1".to_owned(),
            is_running: false,
            view: view.unwrap(),
            steps_missing: None,
            started_at: at("2026-01-01T00:00:00Z"),
            closed_at: Some(at("2026-01-01T00:00:06Z")),
            pending: Vec::new(),
        }
    }

    #[test]
    fn a_run_tells_when_it_was_requested_and_last_changed() {
        let process = Process::from(run());
        assert_eq!(process.requested_at, at("2026-01-01T00:00:01Z"));
        assert_eq!(process.updated_at, at("2026-01-01T00:00:06Z"));
        assert_eq!(process.run_id.as_deref(), Some("r-1"));
        // Temporal was away when Billing accepted the request.
        let mut late = run();
        late.view.process_id = Some("01936f3e-7c1a-7a3b-8f00-0123456789ab".parse().unwrap());
        assert_eq!(Process::from(late).requested_at, at("2024-11-27T20:09:46.266Z"));
    }

    #[test]
    fn where_only_billing_remembers_the_missing_steps_are_explained() {
        for (status, process_id, state) in [
            ("voided", None, VoidingState::DocumentVoided),
            ("voiding-requested", Some("p-1"), VoidingState::VoidingRequested),
            ("issued", Some("p-1"), VoidingState::MarkingDocumentAsVoidedFailed),
        ] {
            let process = Process::of_document(document(status, process_id)).unwrap();
            assert_eq!(process.view.state, state);
            assert!(process.view.steps.is_empty() && process.steps_missing.is_some(), "{status}");
        }
        assert_eq!(Process::of_document(document("issued", None)), None);
    }

    #[test]
    fn a_process_id_of_billing_tells_when_it_was_opened() {
        let id = "01936f3e-7c1a-7a3b-8f00-0123456789ab";
        let process = Process::of_document(document("voiding-requested", Some(id))).unwrap();
        assert_eq!(process.requested_at, at("2024-11-27T20:09:46.266Z"));
    }

    #[test]
    fn only_the_process_that_was_waited_for_is_settled() {
        let process = Process::from(run());
        assert!(process.is_settled(&"p-1".parse().unwrap()));
        assert!(!process.is_settled(&"p-2".parse().unwrap()));
    }
}
