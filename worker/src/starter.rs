//! The target of the subscription to Billing's log: ensures that each open process has its run.

mod sweep;

use std::convert::Infallible;

use messages::{DocumentId, ProcessId, billing::DocumentVoiding};
use metrics::counter;
use process_manager::{
    instance::Delivery,
    manager::{Metadata, OnRoutingError, Route, Routing, RoutingError},
};
use process_manager_client::http::CommandClient;
use process_manager_host::{DeliveryError, DeliveryTarget, subscription::HandlerError};
use serde::Deserialize;
use temporalio_client::Client;
use voiding_client::{Ensured, VoidingClient, is_begun_by_client};

use self::sweep::Sweep;
use crate::SUBSCRIPTION;

/// Starts a run for each open process in Billing, so that none is lost if the api dies first. Processes that the api
/// has requested are left to the api; a later check ensures that they run. Two starts at the same time are expensive.
#[derive(Debug)]
pub(crate) struct VoidingStarter {
    voidings: VoidingClient,
    sweep: Sweep,
}

impl VoidingStarter {
    pub(crate) fn new(billing: CommandClient, client: Client) -> Self {
        Self { voidings: VoidingClient::new(client, billing), sweep: Sweep::default() }
    }

    /// Ensures that the process runs if it is open in Billing: an old event must not start anything.
    async fn ensure_run(&self, document_id: &DocumentId, process_id: Option<&ProcessId>) -> Result<(), HandlerError> {
        let ensured = self.voidings.ensure_run(document_id, process_id).await;
        let ensured =
            ensured.map_err(|error| HandlerError::new(format!("the run of {document_id} cannot be ensured"), error))?;
        let outcome = match &ensured {
            Ensured::Started { .. } => {
                let correlation_id = process_id.map_or("-", ProcessId::as_str);
                tracing::info!(correlation_id, %document_id, "started the voiding");
                "new"
            }
            Ensured::Runs => "already-running",
            Ensured::NotOpen => "not-open",
            Ensured::InTheWay(_) => "recheck",
            Ensured::Unsettled => "unsettled",
        };
        counter!("voiding_starts_total", "outcome" => outcome).increment(1);
        let look_again = matches!(ensured, Ensured::InTheWay(_) | Ensured::Unsettled);
        self.sweep.look_again(document_id, process_id, look_again);
        Ok(())
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

    /// An event that cannot be read, or a document that cannot be started, does not stop the others (V9): the sweep
    /// finds each open process in Billing.
    fn on_routing_error(_: &RoutingError<Infallible>, _: &Metadata, _: u32) -> OnRoutingError {
        OnRoutingError::Skip
    }
}

impl DeliveryTarget for VoidingStarter {
    async fn deliver(&self, _: &str, events: &[Delivery]) -> Result<(), DeliveryError> {
        for delivery in events {
            // Routing has already decoded it, so this cannot fail.
            if let Ok(requested) = serde_json::from_value::<DocumentVoiding>(delivery.event.data.clone()) {
                let DocumentVoiding { document_id, process_id, .. } = requested;
                if is_begun_by_client(&delivery.event.causationid) && self.sweep.look_later(&document_id, &process_id) {
                    counter!("voiding_starts_total", "outcome" => "left-to-the-api").increment(1);
                    continue;
                }
                self.ensure_run(&document_id, Some(&process_id)).await?;
            }
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<(), HandlerError> {
        self.sweep_all().await
    }
}
