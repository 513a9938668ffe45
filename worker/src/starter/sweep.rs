//! The sweep: Billing's open processes against Temporal's runs.

use std::collections::HashMap;

use futures::{StreamExt, stream};
use messages::{DocumentId, Page, ProcessId, billing::Document};
use process_manager_host::subscription::HandlerError;
use process_manager_wire::error_chain;

use super::VoidingStarter;

/// Starts in flight at a time.
const CONCURRENCY: usize = 8;
/// Documents of one page; the most that Billing gives.
const PAGE: &str = "200";

/// The process of each running voiding, by document.
type Running = HashMap<DocumentId, Option<ProcessId>>;

impl VoidingStarter {
    /// Starts a run for each open process that has none: the run was terminated or cancelled, the request met a run that
    /// was about to end, or nobody has started it.
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

    /// What runs, as far as the visibility store knows. It lags by up to a second, which is good enough to pass over
    /// what runs anyway: what it misses is started again to no effect, and what it still shows is seen by the next sweep.
    async fn running(&self) -> Running {
        self.voidings.running().await.unwrap_or_else(|error| {
            tracing::debug!("the runs cannot be listed, so each process is started: {}", error_chain(&error));
            Running::new()
        })
    }

    /// One that fails does not keep the others from being started; the last failure is returned.
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
