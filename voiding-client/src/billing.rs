//! The client of Billing.

use messages::{
    DocumentId, Page,
    billing::{Document, DocumentVoiding, VoidDocument},
};
use process_manager_client::http::{CommandClient, CommandError, Envelope, Fault};
use serde::de::IgnoredAny;

/// Client of the part of Billing that voidings need.
#[derive(Debug, Clone)]
pub struct Billing(CommandClient);

impl Billing {
    pub(crate) fn new(client: CommandClient) -> Self {
        Self(client)
    }

    /// Returns the command client, for other requests.
    #[must_use]
    pub fn client(&self) -> &CommandClient {
        &self.0
    }

    /// Opens a process that voids the document, or returns the open one.
    ///
    /// # Errors
    /// Returns [`CommandError::Refused`] if Billing refuses, [`CommandError::Fault`] if it is unavailable.
    pub(crate) async fn void_document(
        &self,
        document_id: DocumentId,
        envelope: &Envelope,
    ) -> Result<DocumentVoiding, CommandError> {
        self.0.send("/commands/void-document", &VoidDocument { document_id }, envelope).await
    }

    /// Reads a document. Returns `None` if Billing has none with this id.
    ///
    /// # Errors
    /// Returns [`Fault`] if Billing is unavailable.
    pub async fn document(&self, document_id: &DocumentId) -> Result<Option<Document>, Fault> {
        match self.0.get(&["documents", document_id.as_str()], &[]).await {
            Ok(document) => Ok(Some(document)),
            Err(CommandError::Refused(_)) => Ok(None),
            Err(CommandError::Fault(fault)) => Err(fault),
        }
    }

    /// Lists the newest documents whose process is open.
    ///
    /// # Errors
    /// Returns [`CommandError`] if Billing is unavailable.
    pub async fn open_processes(&self, limit: usize) -> Result<Vec<Document>, CommandError> {
        let limit = limit.to_string();
        let query = [("process", "open"), ("limit", limit.as_str())];
        Ok(self.0.get::<Page<Document>>(&["documents"], &query).await?.items)
    }

    /// Checks that Billing and its database answer.
    ///
    /// # Errors
    /// Returns [`CommandError`] if they do not.
    pub async fn check(&self) -> Result<(), CommandError> {
        self.0.get::<Page<IgnoredAny>>(&["documents"], &[("limit", "1")]).await.map(|_| ())
    }
}
