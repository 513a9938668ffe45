//! A whole system of its own for one test: services, worker and api as processes.

mod books;
mod builder;
mod by_cli;
mod component;
mod confirmations;
mod consistency;
mod credit_changes;
mod running;
mod runs;
mod transfers;
mod voiding;

use std::collections::BTreeMap;

use messages::billing::{Document, IssueDocument};
use tempfile::TempDir;

pub use books::Books;
pub use builder::EnvBuilder;
pub use component::{Component, Link};
pub use confirmations::Revoked;

use self::running::Running;
use crate::{
    Binaries, FaultProxy, Temporal,
    calls::{Accounts, Api, Billing, Contracts, Reports, until_answered},
    eventually, sample,
};

/// A running system. Everything that it started ends with it; when the test has failed, the ends of the components'
/// logs are printed.
#[derive(Debug)]
pub struct Env {
    components: BTreeMap<Component, Running>,
    proxies: BTreeMap<Link, FaultProxy>,
    temporal: Option<Temporal>,
    dir: TempDir,
}

impl Env {
    /// The settings of a new system.
    pub fn builder(binaries: Binaries) -> EnvBuilder {
        EnvBuilder::new(binaries)
    }

    /// Billing itself, not through a proxy.
    #[must_use]
    pub fn billing(&self) -> Billing {
        Billing::new(self.url(Component::Billing))
    }

    /// Reports itself, not through a proxy.
    #[must_use]
    pub fn reports(&self) -> Reports {
        Reports::new(self.url(Component::Reports))
    }

    /// Accounts itself, not through a proxy.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.url(Component::Accounts))
    }

    /// Contracts itself, not through a proxy.
    #[must_use]
    pub fn contracts(&self) -> Contracts {
        Contracts::new(self.url(Component::Contracts))
    }

    /// The api.
    #[must_use]
    pub fn api(&self) -> Api {
        let api = Api::new(self.url(Component::Api));
        // A test with a server of its own may be about its absence.
        if self.components.contains_key(&Component::Temporal) { api } else { api.patient() }
    }

    /// This system's namespace.
    ///
    /// # Panics
    /// Panics if the system has neither worker nor api, and so no Temporal.
    #[must_use]
    pub fn temporal(&self) -> &Temporal {
        self.temporal.as_ref().expect("a system with worker or api")
    }

    /// The proxy between two components.
    ///
    /// # Panics
    /// Panics if the system does not have the component that calls.
    #[must_use]
    pub fn proxy(&self, link: Link) -> &FaultProxy {
        self.proxies.get(&link).unwrap_or_else(|| panic!("this system has no {link:?}"))
    }

    /// Returns the URL of a component, such as `http://127.0.0.1:12345`; it stays the same over a restart.
    ///
    /// # Panics
    /// Panics if the system does not have the component.
    #[must_use]
    pub fn url(&self, component: Component) -> String {
        self.running(component).url()
    }

    /// The value of an environment variable that a component is started with, such as `BILLING_DATABASE_URL`.
    ///
    /// # Panics
    /// Panics if the system does not have the component, or that not the variable.
    #[must_use]
    pub fn variable(&self, component: Component, name: &str) -> &str {
        self.running(component).variable(name).unwrap_or_else(|| panic!("{component:?} has no {name}"))
    }

    /// Returns the log of the component so far.
    ///
    /// # Panics
    /// Panics if the system does not have the component.
    #[must_use]
    pub fn log(&self, component: Component) -> String {
        self.running(component).log()
    }

    /// The process id of a component.
    ///
    /// # Panics
    /// Panics if the component does not run.
    pub async fn pid(&self, component: Component) -> u32 {
        self.running(component).pid().await
    }

    /// The system's own folder.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// `kill -9`; returns when the process is gone.
    ///
    /// # Panics
    /// Panics if the component does not run.
    pub async fn kill(&self, component: Component) {
        self.running(component).kill().await;
    }

    /// SIGTERM; returns when the process has ended with exit code 0.
    ///
    /// # Panics
    /// Panics if the component does not run, ends otherwise, or does not end.
    pub async fn stop(&self, component: Component) {
        self.running(component).stop().await;
    }

    /// Returns when a component that was told to end has ended with exit code 0.
    ///
    /// # Panics
    /// Panics if it ends otherwise, or does not end.
    pub async fn stopped(&self, component: Component) {
        self.running(component).stopped().await;
    }

    /// Starts a component that does not run, and waits until it answers at all (`/livez`).
    ///
    /// # Panics
    /// Panics if it runs, ends at once, or does not answer.
    pub async fn start(&self, component: Component) {
        self.running(component).start().await;
        if component == Component::Temporal {
            self.temporal().register_namespace().await;
        }
    }

    /// Waits until a component can do its work (`/readyz`).
    ///
    /// # Panics
    /// Panics if it does not become so.
    pub async fn ready(&self, component: Component) {
        self.running(component).ready().await;
    }

    /// Sends a signal to a component: `TERM`, `INT`, `KILL`, `STOP` or `CONT`.
    ///
    /// # Panics
    /// Panics if the component does not run.
    pub async fn signal(&self, component: Component, signal: &str) {
        self.running(component).signal(signal).await;
    }

    /// Issues a document, again where Billing had no time for it.
    ///
    /// # Panics
    /// Panics if Billing refuses it.
    pub async fn issue(&self, document: &IssueDocument) -> Document {
        until_answered(async || self.billing().issue(document).await).await.ok()
    }

    /// Issues an invoice of 12.34 EUR for a customer of its own, and waits until Reports has heard of it.
    ///
    /// # Panics
    /// Panics if Billing refuses it, or Reports does not hear of it.
    pub async fn issue_reported(&self) -> Document {
        let document = self.issue(&sample::invoice(&sample::customer_id())).await;
        self.await_document_reported(&document).await;
        document
    }

    /// Waits until Reports has heard of a document that Billing issued.
    ///
    /// # Panics
    /// Panics if it does not.
    pub async fn await_document_reported(&self, document: &Document) {
        eventually("Reports hears of the document", async || {
            let reports = self.reports().reports_of(&document.customer_id).await;
            let known =
                reports.iter().flat_map(|report| &report.documents).any(|d| d.document_id == document.document_id);
            if known { Ok(()) } else { Err(reports) }
        })
        .await;
    }

    fn running(&self, component: Component) -> &Running {
        self.components.get(&component).unwrap_or_else(|| panic!("this system has no {component:?}"))
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for running in self.components.values() {
                eprintln!("{}", running.log_tail());
            }
        }
    }
}
