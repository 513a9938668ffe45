//! The client for voidings: starts, reads, lists and signals them.
//!
//! The api, the console and the worker's starter share it, so each starts and reads voidings in the same way. Reading
//! needs no worker. For runs that Temporal has deleted, Billing answers.

mod begin;
mod billing;
mod earlier;
mod ended;
mod ensure;
mod filter;
mod latest;
mod owner;
mod pages;
mod process;
mod retried;
mod run;
mod signals;
mod start;
mod void;

use std::sync::{Arc, RwLock};

use messages::DocumentId;
use process_manager_client::http::CommandClient;
use process_manager_host::{
    connect::LazyClient,
    operator::{OperatorError, Workflows},
};
use tokio::sync::Semaphore;
use workflows::voiding::{TASK_QUEUE, workflow_id};

pub use self::{
    billing::Billing,
    ended::EndedRun,
    ensure::{CannotEnsure, Ensured},
    filter::Filter,
    latest::{Found, LookupError, Unavailable},
    owner::{AnotherSystem, SUBSCRIPTION},
    pages::{PageError, RunPage, Token},
    process::Process,
    retried::RetriedCommand,
    run::Run,
    signals::SignalError,
    start::CannotStart,
    void::{VoidError, is_begun_by_client},
};

/// The client for voidings. Clones share its connections.
#[derive(Debug, Clone)]
pub struct VoidingClient {
    workflows: Workflows,
    billing: Billing,
    /// Limits the concurrent requests to void a document.
    turns: Arc<Semaphore>,
    /// The other system that owns the namespace, if any.
    foreign: Arc<RwLock<Option<Arc<AnotherSystem>>>>,
}

impl VoidingClient {
    /// Creates a client of Temporal and Billing. With a [`LazyClient`], calls that need Temporal fail until it is
    /// connected.
    #[must_use]
    pub fn new(temporal: impl Into<LazyClient>, billing: CommandClient) -> Self {
        let turns = Arc::new(Semaphore::new(void::MOST_AT_ONCE));
        Self { workflows: Workflows::new(temporal), billing: Billing::new(billing), turns, foreign: Arc::default() }
    }

    /// Returns the client of Billing.
    #[must_use]
    pub fn billing(&self) -> &Billing {
        &self.billing
    }

    /// Returns the namespace of the runs; empty while there is no connection.
    #[must_use]
    pub fn namespace(&self) -> String {
        self.workflows.namespace()
    }

    /// Reads the latest run of the document's workflow. Returns `None` if there is none, or if it voids nothing.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn latest_run(&self, document_id: &DocumentId) -> Result<Option<Run>, OperatorError> {
        let described = self.workflows.describe(&workflow_id(document_id)).await?;
        Ok(described.and_then(|described| Run::read(&described.info, described.pending)))
    }

    /// Counts the runs that match a filter.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable, or lacks a search attribute.
    pub async fn count(&self, filter: &Filter) -> Result<i64, OperatorError> {
        self.workflows.count(&filter.query()).await
    }

    /// Returns when a worker last polled for workflow tasks of the voiding.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable, or lacks a search attribute that the worker registers.
    pub async fn last_poll(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>, OperatorError> {
        // Temporal rejects a query while an attribute that it names is not registered.
        self.workflows.list(&filter::of_every_attribute(), 1, Vec::new()).await?;
        self.workflows.last_poll(TASK_QUEUE).await
    }
}
