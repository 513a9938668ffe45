//! The handler of the subscription to Billing's log: sees to it that each open process has its run.

mod sweep;

use std::convert::Infallible;

use futures::future::BoxFuture;
use messages::{
    ProcessId,
    billing::{self, Document},
    code,
    voiding::VoidingInput,
};
use metrics::counter;
use process_manager::{
    instance::Delivery,
    manager::{Metadata, Route, Routing},
};
use process_manager_client::http::{CommandClient, CommandError};
use process_manager_host::{
    DeliveryError, DeliveryTarget, connect::bounded_rpc, start::Started, subscription::HandlerError,
};
use serde::Deserialize;
use temporalio_client::{Client, WorkflowDescribeOptions, WorkflowSignalOptions, errors::WorkflowInteractionError};
use temporalio_common::data_converters::RawValue;
use voiding_client::start_voiding;
use workflows::voiding::{DocumentVoiding, PROCESS_ID, workflow_id};

use crate::SUBSCRIPTION;

/// Starts a run for each open process of Billing's, as the api does, so that none is lost when the api dies in between.
#[derive(Debug)]
pub(crate) struct VoidingStarter {
    billing: CommandClient,
    client: Client,
}

impl VoidingStarter {
    pub(crate) fn new(billing: CommandClient, client: Client) -> Self {
        Self { billing, client }
    }

    /// An old event must not start anything, so Billing is asked first whether the process is still open.
    async fn requested(&self, requested: billing::DocumentVoiding) -> Result<(), HandlerError> {
        let document_id = requested.document_id.as_str();
        let document = match self.billing.get::<Document>(&["documents", document_id], &[]).await {
            Ok(document) => document,
            Err(CommandError::Refused(problem)) if problem.code == code::DOCUMENT_NOT_FOUND => return Ok(()),
            Err(error) => return Err(HandlerError::new(format!("Billing cannot be asked for {document_id}"), error)),
        };
        if document.process_id.as_ref() != Some(&requested.process_id) {
            return Ok(());
        }
        self.ensure_run(&document, &requested.process_id).await
    }

    /// Starts the process's run, or has the run of another process ask whether its own is over.
    async fn ensure_run(&self, document: &Document, process_id: &ProcessId) -> Result<(), HandlerError> {
        let document_id = &document.document_id;
        let input = VoidingInput {
            document_id: document_id.clone(),
            customer_id: Some(document.customer_id.clone()),
            process_id: Some(process_id.clone()),
        };
        let started = start_voiding(&self.client, &input).await;
        let outcome =
            match started.map_err(|error| HandlerError::new(format!("{document_id} cannot be started"), error))? {
                Started::New { .. } => {
                    tracing::info!(correlation_id = %process_id, %document_id, "started the voiding");
                    "new"
                }
                Started::AlreadyCompleted => "already-completed",
                Started::AlreadyRunning { .. } if self.recheck_another(document, process_id).await? => "recheck",
                Started::AlreadyRunning { .. } => "already-running",
            };
        counter!("voiding_starts_total", "outcome" => outcome).increment(1);
        Ok(())
    }

    /// Signals `recheck` to a run of another process. A run that knows of none yet asks Billing by itself.
    async fn recheck_another(&self, document: &Document, process_id: &ProcessId) -> Result<bool, HandlerError> {
        let id = workflow_id(&document.document_id);
        let failed = |what: &str, error| HandlerError::new(format!("{id} cannot be {what}"), error);
        let run = self.client.get_workflow_handle::<DocumentVoiding>(id.as_str());
        let described = WorkflowDescribeOptions::builder().rpc_options(bounded_rpc()).build();
        let of = match Box::pin(run.describe(described)).await {
            Ok(description) => description.search_attributes().get(&PROCESS_ID),
            Err(WorkflowInteractionError::NotFound(_)) => return Ok(false),
            Err(error) => return Err(failed("described", error)),
        };
        let Some(other) = of.filter(|of| of != process_id.as_str()) else { return Ok(false) };
        tracing::info!(correlation_id = %process_id, other, "another process of the document runs; it is to recheck");
        let signal = WorkflowSignalOptions::builder().rpc_options(bounded_rpc()).build();
        match Box::pin(run.signal(DocumentVoiding::recheck, RawValue::new(Vec::new()), signal)).await {
            // It has just ended: the next sweep starts this one.
            Ok(()) | Err(WorkflowInteractionError::NotFound(_)) => Ok(true),
            Err(error) => Err(failed("signalled", error)),
        }
    }
}

/// Which of Billing's events start a voiding.
#[derive(Debug)]
pub(crate) struct VoidingRoutes;

/// The only event that matters; others are passed over.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Requested {
    DocumentVoidingRequested(billing::DocumentVoiding),
}

impl Routing for VoidingRoutes {
    const NAME: &'static str = SUBSCRIPTION;
    type Event = Requested;
    type Error = Infallible;

    fn route(event: &Requested, _: &Metadata) -> Result<Route, Infallible> {
        let Requested::DocumentVoidingRequested(requested) = event;
        Ok(Route::start(&requested.document_id))
    }
}

impl DeliveryTarget for VoidingStarter {
    fn deliver<'a>(&'a self, _: &'a str, events: &'a [Delivery]) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            for delivery in events {
                // It has been read once, for its route.
                if let Ok(requested) = serde_json::from_value(delivery.event.data.clone()) {
                    self.requested(requested).await?;
                }
            }
            Ok(())
        })
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), HandlerError>> {
        Box::pin(self.sweep_open())
    }
}
