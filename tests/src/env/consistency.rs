//! Rules that hold in every system, after any sequence of events.

use std::collections::BTreeMap;

use messages::{
    CloudEvent, Currency, DocumentId,
    billing::{Document, DocumentStatus},
    reports::{Report, ReportStatus},
};

use super::Env;
use crate::eventually;

impl Env {
    /// Waits until Reports knows every document of Billing, then checks rules V1, V2, V2b, V4 and V8.
    ///
    /// V2b is checked for documents without an open process: while one runs, the two services may differ.
    ///
    /// # Panics
    /// Panics if a rule is broken.
    pub async fn assert_consistent(&self) {
        self.await_reported().await;
        let (documents, reports) = (self.billing().all_documents().await, self.reports().all_reports().await);
        totals_are_the_sums(&reports);
        services_agree(&documents, &reports);
        for log in [self.billing().log().await, self.reports().log().await] {
            in_order(&log);
            each_effect_once(&log);
        }
        if self.temporal.is_some() {
            self.one_run_per_document().await;
        }
    }

    /// Checks only rule V8: each report's totals are the sums of its documents that are not voided.
    ///
    /// # Panics
    /// Panics if the rule is broken.
    pub async fn assert_totals(&self) {
        totals_are_the_sums(&self.reports().all_reports().await);
    }

    /// Waits until Reports knows every document that Billing has by now.
    ///
    /// # Panics
    /// Panics if it does not.
    pub async fn await_reported(&self) {
        let documents = self.billing().all_documents().await;
        eventually("Reports has heard of every document", async || {
            let reports = self.reports().all_reports().await;
            let known = |id: &DocumentId| reports.iter().flat_map(|r| &r.documents).any(|d| d.document_id == *id);
            let missing = documents.iter().find(|document| !known(&document.document_id));
            missing.map_or(Ok(()), |document| Err(document.document_id.clone()))
        })
        .await;
    }

    /// Checks V1.
    async fn one_run_per_document(&self) {
        let mut running = BTreeMap::new();
        for run in self.temporal().list("WorkflowType = 'DocumentVoiding' AND ExecutionStatus = 'Running'").await {
            let execution = run.execution.unwrap_or_default();
            let other = running.insert(execution.workflow_id.clone(), execution.run_id);
            assert_eq!(other, None, "V1: two runs of {}", execution.workflow_id);
        }
    }
}

/// Checks V8.
fn totals_are_the_sums(reports: &[Report]) {
    for report in reports {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for document in report.documents.iter().filter(|document| !document.voided) {
            *sums.entry(document.total.currency).or_default() += i128::from(document.total.minor);
        }
        let mut totals: BTreeMap<Currency, i128> = report.totals.iter().map(|t| (t.currency, t.minor)).collect();
        assert_eq!(totals.len(), report.totals.len(), "V8: two totals of one currency in {report:?}");
        // A currency may be left out if all of its documents are voided.
        sums.retain(|_, sum| *sum != 0);
        totals.retain(|_, total| *total != 0);
        assert_eq!(totals, sums, "V8: the totals of {report:?}");
    }
}

/// Checks V2, V2b, and that a document counts at most once.
fn services_agree(documents: &[Document], reports: &[Report]) {
    for document in documents {
        let holds =
            |report: &&Report| report.documents.iter().any(|d| d.document_id == document.document_id && !d.voided);
        let counted: Vec<&Report> = reports.iter().filter(holds).collect();
        let published = counted.iter().any(|report| report.status == ReportStatus::Published);
        let voided = document.status == DocumentStatus::Voided;
        assert!(!(voided && published), "V2: {document:?} is voided and counts in {counted:?}");
        assert!(counted.len() <= 1, "V8: {document:?} counts in {counted:?}");
        if document.process_id.is_none() {
            assert_eq!(voided, counted.is_empty(), "V2b: {document:?} counts in {counted:?}");
        }
    }
}

fn in_order(log: &[CloudEvent]) {
    for (event, next) in log.iter().zip(log.iter().skip(1)) {
        assert!(event.sequence < next.sequence, "{event:?} comes before {next:?}");
        assert_eq!(event.logid, next.logid, "{event:?} and {next:?} are of one log");
    }
}

/// Checks V4.
fn each_effect_once(log: &[CloudEvent]) {
    let mut seen = BTreeMap::new();
    for event in log.iter().filter(|event| event.data.get("process_id").is_some()) {
        let other = seen.insert((&event.correlationid, &event.kind), event);
        assert!(other.is_none(), "V4: {event:?} came before as {other:?}");
        assert_eq!(event.data["process_id"], event.correlationid.as_str(), "V7: {event:?}");
    }
}
