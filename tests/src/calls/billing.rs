//! Calls of Billing.

use messages::{
    DocumentId, Page, Position, ProcessId,
    billing::{Document, DocumentStatus, DocumentVoiding, DocumentVoidingCommand, IssueDocument, VoidDocument},
};

use super::{Answer, Batch, client, events};

client! {
    /// Billing.
    Billing
}

impl Billing {
    /// `POST /documents`.
    pub async fn issue(&self, document: &IssueDocument) -> Answer<Document> {
        self.0.post("/documents", document).await
    }

    /// `GET /documents/{id}`.
    pub async fn document(&self, id: &DocumentId) -> Answer<Document> {
        self.0.get(&format!("/documents/{id}")).await
    }

    /// `GET /documents` with a query such as `?status=voided&limit=2`, or an empty one.
    pub async fn documents(&self, query: &str) -> Answer<Page<Document>> {
        self.0.get(&format!("/documents{query}")).await
    }

    /// Returns all documents, over all pages.
    ///
    /// # Panics
    /// Panics if Billing is unavailable.
    pub async fn all_documents(&self) -> Vec<Document> {
        let mut all = Vec::new();
        let mut query = "?limit=200".to_owned();
        loop {
            let page = self.documents(&query).await.ok();
            all.extend(page.items);
            match page.next_cursor {
                Some(cursor) => query = format!("?limit=200&cursor={cursor}"),
                None => return all,
            }
        }
    }

    /// Returns the status of the document.
    ///
    /// # Panics
    /// Panics if Billing does not answer with the document.
    pub async fn status(&self, id: &DocumentId) -> DocumentStatus {
        self.document(id).await.ok().status
    }

    /// `POST /commands/void-document`.
    pub async fn void(&self, document_id: &DocumentId) -> Answer<DocumentVoiding> {
        self.0.post("/commands/void-document", &VoidDocument { document_id: document_id.clone() }).await
    }

    /// `POST /commands/complete-document-voiding`.
    pub async fn complete(&self, document_id: &DocumentId, process_id: &ProcessId) -> Answer<DocumentVoiding> {
        self.voiding_command("complete", document_id, process_id).await
    }

    /// `POST /commands/abort-document-voiding`.
    pub async fn abort(&self, document_id: &DocumentId, process_id: &ProcessId) -> Answer<DocumentVoiding> {
        self.voiding_command("abort", document_id, process_id).await
    }

    /// `POST /commands/close-document-voiding`.
    pub async fn close(&self, document_id: &DocumentId, process_id: &ProcessId) -> Answer<DocumentVoiding> {
        self.voiding_command("close", document_id, process_id).await
    }

    /// `GET /events`. Absent `limit` and `wait` (seconds) have Billing's defaults.
    pub async fn events(&self, after: Position, limit: Option<u32>, wait: Option<u32>) -> Answer<Batch> {
        events::events(&self.0, after, limit, wait).await
    }

    /// Returns the whole log, from its origin.
    pub async fn log(&self) -> Batch {
        events::all(&self.0).await
    }

    async fn voiding_command(
        &self,
        verb: &str,
        document_id: &DocumentId,
        process_id: &ProcessId,
    ) -> Answer<DocumentVoiding> {
        let body = DocumentVoidingCommand { document_id: document_id.clone(), process_id: process_id.clone() };
        self.0.post(&format!("/commands/{verb}-document-voiding"), &body).await
    }
}
