//! What the page shows: documents from Billing, their reports from Reports, their voidings from Temporal. Whoever is
//! away is missing, and the rest is shown.

use std::collections::HashMap;

use messages::{
    CustomerId, DocumentId,
    billing::Document,
    reports::{Report, ReportStatus},
};

use super::{Selection, row::DocumentRow};
use crate::{
    console::{Console, live::fingerprint, processes::Row},
    filter,
};

/// Documents of a page.
const DOCUMENTS: usize = 50;
/// Reports of a page: of one customer, and of all.
const REPORTS_OF_ONE: usize = 24;
const REPORTS_OF_ALL: usize = 12;
/// Most runs of the page's documents.
const MOST_RUNS: usize = 200;

/// A report without its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportCard {
    pub(super) report: Report,
    pub(super) documents: usize,
    pub(super) voided: usize,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::console) struct Model {
    /// `None`: Reports is away.
    pub(super) reports: Option<Vec<ReportCard>>,
    pub(super) documents: Vec<DocumentRow>,
    pub(super) billing_is_away: bool,
    pub(super) temporal_is_away: bool,
    pub(super) next: Option<String>,
}

impl Model {
    pub(in crate::console) async fn load(console: &Console, selection: &Selection) -> Self {
        let customer = selection.customer.as_ref();
        let limit = if customer.is_some() { REPORTS_OF_ONE } else { REPORTS_OF_ALL };
        let (documents, reports) = tokio::join!(
            console.app.billing.documents(customer, DOCUMENTS, selection.cursor.as_deref()),
            console.reports.latest(customer, limit),
        );
        let reports = reports.ok();
        let billing_is_away = documents.is_err();
        let (mut rows, next) = match documents {
            Ok(page) => (page.items.into_iter().map(DocumentRow::of_billing).collect(), page.next_cursor),
            Err(_) => (rows_of_reports(reports.as_deref().unwrap_or_default()), None),
        };
        enter_reports(&mut rows, reports.as_deref().unwrap_or_default());
        let voidings = voidings(console, &rows).await;
        let temporal_is_away = voidings.is_none();
        for row in &mut rows {
            row.voiding = voidings.as_ref().and_then(|voidings| voidings.get(&row.document_id).cloned());
        }
        let reports = reports.map(|reports| reports.into_iter().map(ReportCard::new).collect());
        Self { reports, documents: rows, billing_is_away, temporal_is_away, next }
    }

    /// Whether the document's or the customer's button is on the page.
    pub(super) fn shows(&self, about: &str) -> bool {
        let open =
            |card: &ReportCard| card.report.status == ReportStatus::Open && card.report.customer_id.as_str() == about;
        self.documents.iter().any(|row| row.document_id.as_str() == about) || self.reports.iter().flatten().any(open)
    }

    /// Differs when the page would.
    pub(in crate::console) fn fingerprint(&self) -> u64 {
        let reports = self.reports.as_ref().map(|cards| {
            let cards = cards
                .iter()
                .map(|card| (card.report.report_id.as_str(), card.report.published_at, card.documents, card.voided));
            cards.collect::<Vec<_>>()
        });
        let documents: Vec<_> = self.documents.iter().map(DocumentRow::essence).collect();
        fingerprint(&(reports, documents, self.billing_is_away, self.temporal_is_away, &self.next))
    }
}

impl ReportCard {
    fn new(mut report: Report) -> Self {
        let documents = std::mem::take(&mut report.documents);
        let voided = documents.iter().filter(|document| document.voided).count();
        Self { report, documents: documents.len(), voided }
    }
}

/// While Billing is away: the latest documents of each report.
fn rows_of_reports(reports: &[Report]) -> Vec<DocumentRow> {
    let newest = reports.iter().flat_map(|report| {
        report.documents.iter().rev().map(|document| DocumentRow::of_reports(document, &report.customer_id))
    });
    newest.take(DOCUMENTS).collect()
}

fn enter_reports(rows: &mut [DocumentRow], reports: &[Report]) {
    let wanted: HashMap<DocumentId, usize> =
        rows.iter().enumerate().map(|(index, row)| (row.document_id.clone(), index)).collect();
    for report in reports {
        for document in &report.documents {
            if let Some(row) = wanted.get(&document.document_id).and_then(|index| rows.get_mut(*index)) {
                row.in_report = Some((report.number, report.status));
                row.is_out_of_total = document.voided;
            }
        }
    }
}

/// The latest voiding of each document, by one visibility query; `None` while Temporal is away.
async fn voidings(console: &Console, rows: &[DocumentRow]) -> Option<HashMap<DocumentId, Row>> {
    let ids: Vec<&DocumentId> = rows.iter().map(|row| &row.document_id).collect();
    let Some(query) = filter::of_documents(&ids) else { return Some(HashMap::new()) };
    let mut runs = console.app.temporal.list(query, MOST_RUNS, Vec::new()).await.ok()?.runs;
    runs.sort_by_key(|run| (run.is_running, run.started_at));
    Some(runs.into_iter().map(|run| (run.view.document_id.clone(), Row::of_run(&console.app, run))).collect())
}

impl DocumentRow {
    fn of_billing(document: Document) -> Self {
        Self {
            document_id: document.document_id,
            customer_id: document.customer_id,
            kind: Some(document.kind),
            total: document.total,
            issued_at: Some(document.issued_at),
            status: Some(document.status),
            has_open_process: document.process_id.is_some(),
            in_report: None,
            is_out_of_total: false,
            voiding: None,
        }
    }

    fn of_reports(document: &messages::reports::ReportedDocument, customer_id: &CustomerId) -> Self {
        Self {
            document_id: document.document_id.clone(),
            customer_id: customer_id.clone(),
            kind: None,
            total: document.total,
            issued_at: None,
            status: None,
            has_open_process: false,
            in_report: None,
            is_out_of_total: false,
            voiding: None,
        }
    }
}
