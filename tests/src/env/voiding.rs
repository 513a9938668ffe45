//! Helpers for tests of voidings: bring them to a state, wait for them, acknowledge them, and read their results.

use messages::{
    DocumentId, ProcessId,
    billing::Document,
    voiding::{Incident, VoidingState},
};
use serde_json::{Value, json};

use super::{Env, Link};
use crate::{
    Fault, Recorded,
    calls::{Answer, Voiding},
    eventually, json_payload,
    voiding::{COMPLETE, LOCKED, events_in},
};

impl Env {
    /// Issues an invoice, and publishes the report that contains it.
    ///
    /// # Panics
    /// Panics if a call is refused.
    pub async fn issue_published(&self) -> Document {
        let document = self.issue_reported().await;
        let _ = self.reports().publish(&document.customer_id).await.ok();
        document
    }

    /// Requests the voiding of a new document in a published report. Returns when the process waits for its
    /// acknowledgement.
    ///
    /// # Panics
    /// Panics if a call is refused.
    pub async fn refused_marking(&self) -> (Document, Voiding) {
        let document = self.issue_published().await;
        let _ = self.api().post_voiding(&document.document_id).await.ok();
        let voiding = self.in_state(&document.document_id, VoidingState::MarkingDocumentAsVoidedFailed).await;
        (document, voiding)
    }

    /// Publishes the report of a document that Reports knows, and requests the document's voiding. Returns when Billing
    /// has aborted it and the process waits for its acknowledgement.
    ///
    /// # Panics
    /// Panics if a call is refused.
    pub async fn refused_and_aborted(&self, id: &DocumentId) -> ProcessId {
        let document = self.billing().document(id).await.ok();
        let _ = self.reports().publish(&document.customer_id).await.ok();
        let process = self.api().post_voiding(id).await.ok_as(202).process_id.expect("an accepted process");
        eventually("Billing has aborted the voiding", async || {
            let log = self.billing().log().await;
            let is_it =
                |kind: &str, process_id: &str| kind == "DocumentVoidingAborted" && process_id == process.as_str();
            let aborted = log.iter().any(|event| is_it(&event.kind, &event.correlationid));
            if aborted { Ok(()) } else { Err(log.len()) }
        })
        .await;
        self.in_state(id, VoidingState::MarkingDocumentAsVoidedFailed).await;
        process
    }

    /// Requests the voiding of a document whose completion is refused with [`LOCKED`]. Returns when the process waits
    /// with that incident. From then on the completion succeeds.
    ///
    /// # Panics
    /// Panics if the request is refused.
    pub async fn refused_completion(&self, id: &DocumentId) -> Voiding {
        let completion = self.proxy(Link::WorkerToBilling).about(id);
        // However often it is sent: on a busy machine a refusal may arrive too late to be heard.
        completion.fault(COMPLETE, Fault::problem(409, LOCKED));
        let _ = self.api().post_voiding(id).await.ok_as(202);
        let refused = self.refused(id, "CompleteDocumentVoiding", LOCKED).await;
        completion.fault(COMPLETE, Fault::Pass);
        refused
    }

    /// Waits until the api shows the voiding as `expected` says; `what` describes it.
    pub async fn until(&self, id: &DocumentId, what: &str, expected: impl Fn(&Voiding) -> bool) -> Voiding {
        eventually(&format!("{id}: {what}"), async || {
            let voiding = self.api().voiding(id).await.try_ok()?;
            if expected(&voiding) { Ok(voiding) } else { Err(format!("{voiding:?}")) }
        })
        .await
    }

    /// Waits until the api shows the voiding in this state.
    pub async fn in_state(&self, id: &DocumentId, state: VoidingState) -> Voiding {
        self.until(id, state.as_str(), |voiding| voiding.state == state).await
    }

    /// Waits until the api shows the refusal of a command.
    pub async fn refused(&self, id: &DocumentId, command: &str, code: &str) -> Voiding {
        let refused = |incident: &Incident| incident.command == command && incident.code.as_deref() == Some(code);
        let what = format!("{command} is refused ({code})");
        self.until(id, &what, |voiding| voiding.incident.as_ref().is_some_and(refused)).await
    }

    /// Acknowledges by REST, as alex.
    pub async fn acknowledge(&self, id: &DocumentId) -> Answer<Value> {
        self.api().acknowledge(id, &json!({"acknowledged_by": "alex", "note": "seen"})).await
    }

    /// Acknowledges by REST, and waits for the end of the process.
    ///
    /// # Panics
    /// Panics if the acknowledgement is refused.
    pub async fn acknowledged(&self, id: &DocumentId) -> Voiding {
        let _ = self.acknowledge(id).await.ok_as(202);
        self.in_state(id, VoidingState::FailureAcknowledged).await
    }

    /// Sends a signal to the document's process, as the CLI or another SDK does.
    ///
    /// # Panics
    /// Panics if Temporal does not accept it.
    pub async fn signal_voiding(&self, id: &DocumentId, name: &str, payload: Option<Value>) {
        let sent = self.temporal().signal(id, name, payload.iter().map(json_payload).collect()).await;
        sent.expect("Temporal takes the signal");
    }

    /// Returns the commands about the document that have reached Billing or Reports, or should have.
    #[must_use]
    pub fn commands(&self, link: Link, id: &DocumentId, prefix: &str) -> Vec<Recorded> {
        self.proxy(link).about(id).requests(prefix)
    }

    /// Returns the types of the events that Billing and Reports have recorded for the document, each in order.
    pub async fn events(&self, id: &DocumentId) -> [Vec<String>; 2] {
        events_in(&[self.billing().log().await, self.reports().log().await], id)
    }

    /// Returns when a sweep that began after this call has ended.
    pub async fn a_whole_sweep(&self) {
        const SWEEP: &str = "/documents?process=open";
        let proxy = self.proxy(Link::WorkerToBilling);
        let begun = proxy.requests_to(SWEEP).len();
        proxy.await_requests(begun + 2, SWEEP).await;
    }
}
