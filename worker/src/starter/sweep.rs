//! The sweep: compares Billing's open processes with Temporal's runs.

use std::collections::HashMap;

use futures::{StreamExt, stream};
use messages::{DocumentId, Page, ProcessId, billing::Document};
use process_manager_host::subscription::HandlerError;
use process_manager_wire::error_chain;

use super::VoidingStarter;

/// Number of starts in flight at a time.
const CONCURRENCY: usize = 8;
/// Documents per page: the maximum of Billing.
const PAGE: &str = "200";

/// The process of each running voiding, by document.
type Running = HashMap<DocumentId, Option<ProcessId>>;

impl VoidingStarter {
    /// Starts a run for each open process that has none: its run was terminated or cancelled, the request met a run
    /// that was about to end, or no program has started it.
    pub(super) async fn sweep_open(&self) -> Result<(), HandlerError> {
        let mut running = None;
        let mut cursor = None;
        loop {
            let page = self.open_documents(cursor.as_deref()).await?;
            if page.items.is_empty() {
                return Ok(());
            }
            let known = match running.take() {
                Some(known) => known,
                None => self.running().await,
            };
            self.ensure_runs(page.items, &known).await?;
            running = Some(known);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn open_documents(&self, cursor: Option<&str>) -> Result<Page<Document>, HandlerError> {
        let query = [("process", "open"), ("limit", PAGE)].into_iter().chain(cursor.map(|cursor| ("cursor", cursor)));
        let query = query.collect::<Vec<_>>();
        let page = self.voidings.billing().client().get(&["documents"], &query).await;
        page.map_err(|error| HandlerError::new("Billing's open processes cannot be listed", error))
    }

    /// Returns the running workflows, as far as the visibility store knows. It lags by up to a second. That is
    /// harmless: a start of a run that it misses has no effect, and a run that it still shows is left to the next
    /// sweep.
    async fn running(&self) -> Running {
        self.voidings.running().await.unwrap_or_else(|error| {
            tracing::debug!("the runs cannot be listed, so each process is started: {}", error_chain(&error));
            Running::new()
        })
    }

    /// Starts all of them, even if some fail; returns the last error.
    async fn ensure_runs(&self, documents: Vec<Document>, running: &Running) -> Result<(), HandlerError> {
        let mut without_run = Vec::new();
        for document in documents {
            let of = running.get(&document.document_id).and_then(Option::as_ref);
            match document.process_id.clone() {
                Some(process_id) if of != Some(&process_id) => without_run.push((document, process_id)),
                _ => (),
            }
        }
        stream::iter(without_run)
            .map(async |(document, process_id)| self.ensure_run(&document, &process_id).await)
            .buffer_unordered(CONCURRENCY)
            .fold(Ok(()), async |outcome, next| next.and(outcome))
            .await
    }
}
