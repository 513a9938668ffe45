//! A whole system for one test: services, worker and api as processes.

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

/// A running system. Everything that it started ends with it. When the test has failed, the ends of the components'
/// logs are printed.
#[derive(Debug)]
pub struct Env {
    components: BTreeMap<Component, Running>,
    proxies: BTreeMap<Link, FaultProxy>,
    temporal: Option<Temporal>,
    dir: TempDir,
}

impl Env {
    /// Returns the settings of a new system.
    pub fn builder(binaries: Binaries) -> EnvBuilder {
        EnvBuilder::new(binaries)
    }

    /// Returns a client of Billing itself, not through a proxy.
    #[must_use]
    pub fn billing(&self) -> Billing {
        Billing::new(self.url(Component::Billing))
    }

    /// Returns a client of Reports itself, not through a proxy.
    #[must_use]
    pub fn reports(&self) -> Reports {
        Reports::new(self.url(Component::Reports))
    }

    /// Returns a client of Accounts itself, not through a proxy.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.url(Component::Accounts))
    }

    /// Returns a client of Contracts itself, not through a proxy.
    #[must_use]
    pub fn contracts(&self) -> Contracts {
        Contracts::new(self.url(Component::Contracts))
    }

    /// Returns a client of the api.
    #[must_use]
    pub fn api(&self) -> Api {
        let api = Api::new(self.url(Component::Api));
        // A test with its own server may be about the server's absence.
        if self.components.contains_key(&Component::Temporal) { api } else { api.patient() }
    }

    /// Returns this system's namespace.
    ///
    /// # Panics
    /// Panics if the system has neither worker nor api, and therefore no Temporal.
    #[must_use]
    pub fn temporal(&self) -> &Temporal {
        self.temporal.as_ref().expect("a system with worker or api")
    }

    /// Returns the proxy between two components.
    ///
    /// # Panics
    /// Panics if the system does not have the calling component.
    #[must_use]
    pub fn proxy(&self, link: Link) -> &FaultProxy {
        self.proxies.get(&link).unwrap_or_else(|| panic!("this system has no {link:?}"))
    }

    /// Returns the URL of a component, such as `http://127.0.0.1:12345`. A restart does not change it.
    ///
    /// # Panics
    /// Panics if the system does not have the component.
    #[must_use]
    pub fn url(&self, component: Component) -> String {
        self.running(component).url()
    }

    /// Returns the value of an environment variable with which a component is started, such as `BILLING_DATABASE_URL`.
    ///
    /// # Panics
    /// Panics if the system does not have the component, or the component does not have the variable.
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

    /// Returns the process id of a component.
    ///
    /// # Panics
    /// Panics if the component does not run.
    pub async fn pid(&self, component: Component) -> u32 {
        self.running(component).pid().await
    }

    /// Returns the system's own folder.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Sends SIGKILL. Returns when the process is gone.
    ///
    /// # Panics
    /// Panics if the component does not run.
    pub async fn kill(&self, component: Component) {
        self.running(component).kill().await;
    }

    /// Sends SIGTERM. Returns when the process has ended with exit code 0.
    ///
    /// # Panics
    /// Panics if the component does not run, ends in another way, or does not end.
    pub async fn stop(&self, component: Component) {
        self.running(component).stop().await;
    }

    /// Returns when a component that was told to end has ended with exit code 0.
    ///
    /// # Panics
    /// Panics if it ends in another way, or does not end.
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
    /// Panics if it does not become ready.
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

    /// Issues a document. Asks again if Billing is busy.
    ///
    /// # Panics
    /// Panics if Billing refuses it.
    pub async fn issue(&self, document: &IssueDocument) -> Document {
        until_answered(async || self.billing().issue(document).await).await.ok()
    }

    /// Issues an invoice of 12.34 EUR for a new customer, and waits until Reports knows it.
    ///
    /// # Panics
    /// Panics if Billing refuses it, or Reports does not learn of it.
    pub async fn issue_reported(&self) -> Document {
        let document = self.issue(&sample::invoice(&sample::customer_id())).await;
        self.await_document_reported(&document).await;
        document
    }

    /// Waits until Reports knows a document that Billing has issued.
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
