//! What the api asks of Billing.

use messages::{
    DocumentId, Page,
    billing::{Document, DocumentVoiding, VoidDocument},
};
use process_manager::http::{CommandClient, CommandError, Envelope, Fault};
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

    /// Whether Billing answers and has its database.
    pub(crate) async fn check(&self) -> Result<(), CommandError> {
        self.0.get::<Page<IgnoredAny>>(&["documents"], &[("limit", "1")]).await.map(|_| ())
    }
}
