//! The resource of the api: one voiding, as REST shows it.

use chrono::{DateTime, Utc};
use messages::{
    DocumentId, ProcessId,
    billing::{self, Document, DocumentStatus},
    voiding::{Step, VoidingState, VoidingView},
};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::temporal::Run;

/// One voiding of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Voiding {
    /// What the process says of itself.
    #[serde(flatten)]
    pub view: VoidingView,
    /// When the voiding was requested.
    pub requested_at: DateTime<Utc>,
    /// When something last happened to it, as far as that is known.
    pub updated_at: DateTime<Utc>,
    /// Why `steps` is not the whole way, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_missing: Option<String>,
    /// Where to go from here.
    pub links: Links,
}

/// Addresses that belong to a voiding. Those of the api are relative to its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Links {
    /// This voiding.
    #[serde(rename = "self")]
    pub this: String,
    /// The document in Billing.
    pub document: String,
    /// Where to POST an acknowledgement; only while there is something to acknowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<String>,
    /// Where to POST a retry; only while there is something to retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// The run in Temporal's Web UI, where the api knows its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporal: Option<String>,
}

/// Makes [`Voiding`]s: it knows the addresses that go into the links.
#[derive(Debug, Clone)]
pub(crate) struct Presenter {
    /// Where Billing is.
    pub(crate) billing_url: Url,
    /// Where Temporal's Web UI is.
    pub(crate) temporal_ui_url: Option<Url>,
}

impl Presenter {
    /// A voiding as its run shows it.
    pub(crate) fn of_run(&self, run: Run, namespace: &str) -> Voiding {
        let mut links = self.links(&run.view.document_id);
        let path = links.this.clone();
        links.acknowledgement = run.to_acknowledge().map(|_| format!("{path}/acknowledgement"));
        links.retry = run.to_retry().map(|_| format!("{path}/retry"));
        links.temporal = self.web_ui(&run.view.document_id, namespace, &run.run_id);
        Voiding {
            requested_at: run.view.steps.first().map_or(run.started_at, |step| step.at),
            updated_at: last_change(&run.view).max(run.closed_at).unwrap_or(run.started_at),
            steps_missing: run.steps_missing,
            links,
            view: run.view,
        }
    }

    /// A process that Billing has accepted and whose run has just been started.
    pub(crate) fn started(
        &self,
        accepted: &billing::DocumentVoiding,
        namespace: &str,
        run_id: &str,
        now: DateTime<Utc>,
    ) -> Voiding {
        let steps = vec![Step { state: VoidingState::VoidingRequested, at: now }];
        let view = VoidingView { steps, ..said_by_billing(VoidingState::VoidingRequested, accepted) };
        let mut links = self.links(&view.document_id);
        links.temporal = self.web_ui(&view.document_id, namespace, run_id);
        Voiding { view, requested_at: now, updated_at: now, steps_missing: None, links }
    }

    /// A process of which only Billing could be asked; `why` says so in words.
    pub(crate) fn without_run(
        &self,
        state: VoidingState,
        process: &billing::DocumentVoiding,
        now: DateTime<Utc>,
        why: &str,
    ) -> Voiding {
        let requested_at = opened_at(&process.process_id).unwrap_or(now);
        self.without_steps(said_by_billing(state, process), requested_at, requested_at, why)
    }

    /// The voiding that the document in Billing tells of; `None` where it tells of none.
    pub(crate) fn of_document(&self, document: Document) -> Option<Voiding> {
        let state = match (document.status, &document.process_id) {
            (DocumentStatus::Voided, _) => VoidingState::DocumentVoided,
            (DocumentStatus::VoidingRequested, _) => VoidingState::VoidingRequested,
            // Aborted and not closed: the failure waits for its acknowledgement.
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
        let why = "Temporal has no run of this process; this is what Billing says";
        Some(self.without_steps(view, requested_at, last_known.max(requested_at), why))
    }

    fn without_steps(
        &self,
        view: VoidingView,
        requested_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
        why: &str,
    ) -> Voiding {
        let links = self.links(&view.document_id);
        Voiding { view, requested_at, updated_at, steps_missing: Some(why.to_owned()), links }
    }

    fn web_ui(&self, document_id: &DocumentId, namespace: &str, run_id: &str) -> Option<String> {
        self.run_in_web_ui(&workflows::voiding::workflow_id(document_id), namespace, run_id)
    }

    /// The address of any run in the Web UI.
    pub(crate) fn run_in_web_ui(&self, workflow_id: &str, namespace: &str, run_id: &str) -> Option<String> {
        let path = ["namespaces", namespace, "workflows", workflow_id, run_id, "history"];
        self.temporal_ui_url.as_ref().map(|ui| join(ui, &path))
    }

    fn links(&self, document_id: &DocumentId) -> Links {
        Links {
            this: path(document_id),
            document: join(&self.billing_url, &["documents", document_id.as_str()]),
            acknowledgement: None,
            retry: None,
            temporal: None,
        }
    }
}

impl Voiding {
    /// Whether a client that waits for this process has its answer.
    pub(crate) fn is_settled(&self, process_id: &ProcessId) -> bool {
        let settled = self.view.state.is_final() || self.view.state == VoidingState::MarkingDocumentAsVoidedFailed;
        settled && self.view.process_id.as_ref() == Some(process_id)
    }
}

/// Where the api shows the voiding of this document.
pub(crate) fn path(document_id: &DocumentId) -> String {
    format!("/voidings/{document_id}")
}

fn said_by_billing(state: VoidingState, process: &billing::DocumentVoiding) -> VoidingView {
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

/// Billing makes process ids as UUIDv7, which begin with the time.
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

fn join(base: &Url, segments: &[&str]) -> String {
    let mut url = base.clone();
    // The configuration has made sure that the address can carry a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presenter() -> Presenter {
        Presenter { billing_url: "http://billing/base/".parse().unwrap(), temporal_ui_url: "http://ui".parse().ok() }
    }

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
        }
    }

    #[test]
    fn a_run_tells_when_it_was_requested_and_last_changed_and_where_it_can_be_seen() {
        let voiding = presenter().of_run(run(), "default");
        assert_eq!(voiding.requested_at, at("2026-01-01T00:00:01Z"));
        assert_eq!(voiding.updated_at, at("2026-01-01T00:00:06Z"));
        let links = serde_json::to_value(voiding.links).unwrap();
        let expected = serde_json::json!({
            "self": "/voidings/d-1",
            "document": "http://billing/base/documents/d-1",
            "temporal": "http://ui/namespaces/default/workflows/voiding-d-1/r-1/history",
        });
        assert_eq!(links, expected);
    }

    #[test]
    fn where_only_billing_remembers_the_missing_steps_are_explained() {
        for (status, process_id, state) in [
            ("voided", None, VoidingState::DocumentVoided),
            ("voiding-requested", Some("p-1"), VoidingState::VoidingRequested),
            ("issued", Some("p-1"), VoidingState::MarkingDocumentAsVoidedFailed),
        ] {
            let voiding = presenter().of_document(document(status, process_id)).unwrap();
            assert_eq!(voiding.view.state, state);
            assert!(voiding.view.steps.is_empty() && voiding.steps_missing.is_some(), "{status}");
        }
        assert_eq!(presenter().of_document(document("issued", None)), None);
    }

    #[test]
    fn a_process_id_of_billing_tells_when_it_was_opened() {
        let id = "01936f3e-7c1a-7a3b-8f00-0123456789ab";
        let voiding = presenter().of_document(document("voiding-requested", Some(id))).unwrap();
        assert_eq!(voiding.requested_at, at("2024-11-27T20:09:46.266Z"));
    }

    #[test]
    fn only_the_process_that_was_waited_for_is_settled() {
        let voiding = presenter().of_run(run(), "default");
        assert!(voiding.is_settled(&"p-1".parse().unwrap()));
        assert!(!voiding.is_settled(&"p-2".parse().unwrap()));
    }
}
