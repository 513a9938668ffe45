//! The target of the subscription to Billing's log: ensures that each open process has its run.

mod sweep;

use std::convert::Infallible;

use messages::{
    DocumentId, ProcessId,
    billing::{Document, DocumentVoiding},
};
use metrics::counter;
use process_manager::{
    instance::Delivery,
    manager::{Metadata, OnRoutingError, Route, Routing, RoutingError},
};
use process_manager_client::http::CommandClient;
use process_manager_host::{DeliveryError, DeliveryTarget, start::Started, subscription::HandlerError};
use serde::Deserialize;
use temporalio_client::Client;
use voiding_client::VoidingClient;

use crate::SUBSCRIPTION;

/// Starts a run for each open process in Billing, as the api does, so that none is lost if the api dies first.
#[derive(Debug)]
pub(crate) struct VoidingStarter {
    voidings: VoidingClient,
}

impl VoidingStarter {
    pub(crate) fn new(billing: CommandClient, client: Client) -> Self {
        Self { voidings: VoidingClient::new(client, billing) }
    }

    /// Starts the process if it is still open in Billing: an old event must not start anything.
    async fn requested(&self, requested: DocumentVoiding) -> Result<(), HandlerError> {
        let document_id = &requested.document_id;
        let failed = |error| HandlerError::new(format!("{document_id} cannot be read from Billing"), error);
        match self.voidings.billing().document(document_id).await.map_err(failed)? {
            Some(document) if document.process_id.as_ref() == Some(&requested.process_id) => {
                self.ensure_run(&document, &requested.process_id).await
            }
            _ => Ok(()),
        }
    }

    /// Starts the process's run. If another process's run is in its way, signals that run to check its own process.
    async fn ensure_run(&self, document: &Document, process_id: &ProcessId) -> Result<(), HandlerError> {
        let document_id = &document.document_id;
        let process = DocumentVoiding {
            document_id: document_id.clone(),
            customer_id: document.customer_id.clone(),
            process_id: process_id.clone(),
        };
        let started = self.voidings.start(&process).await;
        let outcome =
            match started.map_err(|error| HandlerError::new(format!("{document_id} cannot be started"), error))? {
                Started::New { .. } => {
                    tracing::info!(correlation_id = %process_id, %document_id, "started the voiding");
                    "new"
                }
                Started::AlreadyCompleted => "already-completed",
                Started::AlreadyRunning { .. } if self.recheck_another(document_id, process_id).await? => "recheck",
                Started::AlreadyRunning { .. } => "already-running",
            };
        counter!("voiding_starts_total", "outcome" => outcome).increment(1);
        Ok(())
    }

    /// Signals `recheck` to a run of another process. A run without a process id asks Billing anyway.
    async fn recheck_another(&self, document_id: &DocumentId, process_id: &ProcessId) -> Result<bool, HandlerError> {
        let failed = |what: &str, error| HandlerError::new(format!("the run of {document_id} cannot be {what}"), error);
        let run = self.voidings.latest_run(document_id).await.map_err(|error| failed("described", error))?;
        let other = run.filter(|run| run.is_running).and_then(|run| run.view.process_id);
        let Some(other) = other.filter(|other| other != process_id) else { return Ok(false) };
        tracing::info!(correlation_id = %process_id, %other, "another process of the document runs; it will recheck");
        match self.voidings.recheck(document_id).await {
            Ok(()) => Ok(true),
            // That run has just ended; the next sweep starts this process.
            Err(error) if error.is_gone() => Ok(true),
            Err(error) => Err(failed("signalled", error)),
        }
    }
}

/// Routes the events of Billing's log that start a voiding.
#[derive(Debug)]
pub(crate) struct VoidingRoutes;

/// The only event that matters; all others are skipped.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Requested {
    DocumentVoidingRequested(DocumentVoiding),
}

impl Routing for VoidingRoutes {
    const NAME: &'static str = SUBSCRIPTION;
    type Event = Requested;
    type Error = Infallible;

    fn route(event: &Requested, _: &Metadata) -> Result<Route, Infallible> {
        let Requested::DocumentVoidingRequested(requested) = event;
        Ok(Route::start(&requested.document_id))
    }

    /// An event that cannot be read, or a document that cannot be started, does not stop the others (V9): the sweep takes
    /// up each process that Billing has open.
    fn on_routing_error(_: &RoutingError<Infallible>, _: &Metadata, _: u32) -> OnRoutingError {
        OnRoutingError::Skip
    }
}

impl DeliveryTarget for VoidingStarter {
    async fn deliver(&self, _: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        for delivery in events {
            // Routing has decoded it before, so it cannot fail.
            if let Ok(requested) = serde_json::from_value(delivery.event.data.clone()) {
                self.requested(requested).await?;
            }
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<(), HandlerError> {
        self.sweep_open().await
    }
}
