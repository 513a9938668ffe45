//! Commands to Billing.
#![expect(missing_docs, reason = "the activities are documented where they are defined")]

use std::{sync::Arc, time::Duration};

use messages::billing::{DocumentVoiding, DocumentVoidingCommand};
use process_manager_client::http::{CommandClient, Envelope, traceparent};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflows::voiding::activity_defs::{
    AbortDocumentVoiding, CloseDocumentVoiding, CompleteDocumentVoiding, Opened, RequestVoiding, VoidDocument,
};

use crate::dispatch::Dispatch;

/// Sends the voiding's commands to Billing.
#[derive(Debug)]
pub struct Billing(Dispatch);

impl Billing {
    /// Sends commands through `client`, each delayed by `slow_down`.
    #[must_use]
    pub fn new(client: CommandClient, slow_down: Duration) -> Self {
        Self(Dispatch::new(client, slow_down))
    }
}

#[activities]
impl Billing {
    #[activity(definition = VoidDocument)]
    pub async fn void_document(
        self: Arc<Self>,
        ctx: ActivityContext,
        request: RequestVoiding,
    ) -> Result<Opened, ActivityError> {
        let envelope = Envelope {
            traceparent: Some(traceparent(&request.idempotency_key)),
            idempotency_key: Some(request.idempotency_key),
            ..Envelope::default()
        };
        let path = "/commands/void-document";
        let process_of = |opened: &DocumentVoiding| opened.process_id.clone();
        let opened = self.0.send_with(&ctx, path, &envelope, &request.command, process_of).await?;
        Ok(Opened { process_id: opened.process_id, customer_id: opened.customer_id })
    }

    #[activity(definition = CompleteDocumentVoiding)]
    pub async fn complete_document_voiding(
        self: Arc<Self>,
        ctx: ActivityContext,
        command: DocumentVoidingCommand,
    ) -> Result<(), ActivityError> {
        self.settle(&ctx, "/commands/complete-document-voiding", &command).await
    }

    #[activity(definition = AbortDocumentVoiding)]
    pub async fn abort_document_voiding(
        self: Arc<Self>,
        ctx: ActivityContext,
        command: DocumentVoidingCommand,
    ) -> Result<(), ActivityError> {
        self.settle(&ctx, "/commands/abort-document-voiding", &command).await
    }

    #[activity(definition = CloseDocumentVoiding)]
    pub async fn close_document_voiding(
        self: Arc<Self>,
        ctx: ActivityContext,
        command: DocumentVoidingCommand,
    ) -> Result<(), ActivityError> {
        self.settle(&ctx, "/commands/close-document-voiding", &command).await
    }

    async fn settle(
        &self,
        ctx: &ActivityContext,
        path: &str,
        command: &DocumentVoidingCommand,
    ) -> Result<(), ActivityError> {
        let _settled: DocumentVoiding = self.0.send(ctx, path, &command.process_id, command).await?;
        Ok(())
    }
}
