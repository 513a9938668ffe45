//! What the api asks of Billing.

use messages::{
    CustomerId, DocumentId, Page,
    billing::{Document, DocumentVoiding, IssueDocument, VoidDocument},
};
use process_manager_client::http::{CommandClient, CommandError, Envelope, Fault};
use serde::de::IgnoredAny;

/// Billing, by its command client.
#[derive(Clone)]
pub(crate) struct Billing(pub(crate) CommandClient);

impl Billing {
    /// Opens a process that voids the document, or answers the open one.
    pub(crate) async fn void_document(
        &self,
        document_id: DocumentId,
        envelope: &Envelope,
    ) -> Result<DocumentVoiding, CommandError> {
        self.0.send("/commands/void-document", &VoidDocument { document_id }, envelope).await
    }

    /// A document; `Ok(None)` where Billing knows none of this id.
    pub(crate) async fn document(&self, document_id: &DocumentId) -> Result<Option<Document>, Fault> {
        match self.0.get(&["documents", document_id.as_str()], &[]).await {
            Ok(document) => Ok(Some(document)),
            Err(CommandError::Refused(_)) => Ok(None),
            Err(CommandError::Fault(fault)) => Err(fault),
        }
    }

    /// The newest documents whose process is open.
    pub(crate) async fn open_processes(&self, limit: usize) -> Result<Vec<Document>, CommandError> {
        let limit = limit.to_string();
        let query = [("process", "open"), ("limit", limit.as_str())];
        Ok(self.0.get::<Page<Document>>(&["documents"], &query).await?.items)
    }

    /// A page of documents, newest first, of one customer or of all.
    pub(crate) async fn documents(
        &self,
        customer: Option<&CustomerId>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Document>, CommandError> {
        let limit = limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(customer.map(|id| ("customer_id", id.as_str())));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        self.0.get(&["documents"], &query).await
    }

    /// Issues a document.
    pub(crate) async fn issue(&self, document: &IssueDocument, envelope: &Envelope) -> Result<Document, CommandError> {
        self.0.send("/documents", document, envelope).await
    }

    /// Whether Billing answers and has its database.
    pub(crate) async fn check(&self) -> Result<(), CommandError> {
        self.0.get::<Page<IgnoredAny>>(&["documents"], &[("limit", "1")]).await.map(|_| ())
    }
}
