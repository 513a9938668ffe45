//! Calls of Reports.

use messages::{
    CustomerId, DocumentId, Page, Position, ProcessId, ReportId,
    reports::{DocumentMarking, PublishReport, Report},
};

use super::{Answer, Batch, client, events};

client! {
    /// Reports.
    Reports
}

impl Reports {
    /// `POST /commands/mark-document-as-voided`.
    pub async fn mark(
        &self,
        document_id: &DocumentId,
        customer_id: &CustomerId,
        process_id: &ProcessId,
    ) -> Answer<DocumentMarking> {
        let body = marking(document_id, customer_id, process_id);
        self.0.post("/commands/mark-document-as-voided", &body).await
    }

    /// `POST /commands/unmark-document-as-voided`.
    pub async fn unmark(
        &self,
        document_id: &DocumentId,
        customer_id: &CustomerId,
        process_id: &ProcessId,
    ) -> Answer<DocumentMarking> {
        let body = marking(document_id, customer_id, process_id);
        self.0.post("/commands/unmark-document-as-voided", &body).await
    }

    /// `POST /commands/publish-report`.
    pub async fn publish(&self, customer_id: &CustomerId) -> Answer<Report> {
        self.0.post("/commands/publish-report", &PublishReport { customer_id: customer_id.clone() }).await
    }

    /// `GET /reports/{id}`.
    pub async fn report(&self, id: &ReportId) -> Answer<Report> {
        self.0.get(&format!("/reports/{id}")).await
    }

    /// `GET /reports` with a query such as `?status=open&limit=2`, or an empty one.
    pub async fn reports(&self, query: &str) -> Answer<Page<Report>> {
        self.0.get(&format!("/reports{query}")).await
    }

    /// Returns all reports of a customer, oldest first.
    ///
    /// # Panics
    /// Panics if Reports is unavailable.
    pub async fn reports_of(&self, customer_id: &CustomerId) -> Vec<Report> {
        self.all_matching(&format!("&customer_id={customer_id}")).await
    }

    /// Returns all reports, over all pages, oldest first.
    ///
    /// # Panics
    /// Panics if Reports is unavailable.
    pub async fn all_reports(&self) -> Vec<Report> {
        self.all_matching("").await
    }

    /// `GET /events`. Absent `limit` and `wait` (seconds) have Reports' defaults.
    pub async fn events(&self, after: Position, limit: Option<u32>, wait: Option<u32>) -> Answer<Batch> {
        events::events(&self.0, after, limit, wait).await
    }

    /// Returns the whole log, from its origin.
    pub async fn log(&self) -> Batch {
        events::all(&self.0).await
    }

    async fn all_matching(&self, filter: &str) -> Vec<Report> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.reports(&format!("?limit=200{filter}{cursor}")).await.ok();
            for report in page.items {
                // A list shows only the newest documents.
                let is_whole = i64::try_from(report.documents.len()).is_ok_and(|shown| shown == report.document_count);
                all.push(if is_whole { report } else { self.report(&report.report_id).await.ok() });
            }
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        all.reverse();
        all
    }
}

fn marking(document_id: &DocumentId, customer_id: &CustomerId, process_id: &ProcessId) -> DocumentMarking {
    DocumentMarking {
        document_id: document_id.clone(),
        customer_id: customer_id.clone(),
        process_id: process_id.clone(),
    }
}
