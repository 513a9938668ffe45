//! Commands to Reports.
#![expect(missing_docs, reason = "the activities are documented where they are defined")]

use std::{sync::Arc, time::Duration};

use messages::{CustomerId, reports::DocumentMarking};
use process_manager_client::http::CommandClient;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflows::voiding::activity_defs::{MarkDocumentAsVoided, UnmarkDocumentAsVoided};

use crate::dispatch::Dispatch;

/// Sends the voiding's commands to Reports.
#[derive(Debug)]
pub struct Reports(Dispatch);

impl Reports {
    /// Sends commands through `client`, each delayed by `slow_down`.
    #[must_use]
    pub fn new(client: CommandClient, slow_down: Duration) -> Self {
        Self(Dispatch::new(client, slow_down))
    }
}

#[activities]
impl Reports {
    #[activity(definition = MarkDocumentAsVoided)]
    pub async fn mark_document_as_voided(
        self: Arc<Self>,
        ctx: ActivityContext,
        command: DocumentMarking,
    ) -> Result<CustomerId, ActivityError> {
        let path = "/commands/mark-document-as-voided";
        let marked: DocumentMarking = self.0.send(&ctx, path, &command.process_id, &command).await?;
        Ok(marked.customer_id)
    }

    #[activity(definition = UnmarkDocumentAsVoided)]
    pub async fn unmark_document_as_voided(
        self: Arc<Self>,
        ctx: ActivityContext,
        command: DocumentMarking,
    ) -> Result<(), ActivityError> {
        let path = "/commands/unmark-document-as-voided";
        let _unmarked: DocumentMarking = self.0.send(&ctx, path, &command.process_id, &command).await?;
        Ok(())
    }
}
