//! Builds a system.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use futures::future::join_all;

use super::{Component, Env, Link, Running};
use crate::{
    Binaries, FaultProxy, PostgresServer, Temporal, TemporalServer, free_port, process::Program, run_dir::temp_dir,
    sample::unique,
};

/// An address where nothing listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// Settings of a new system; by default all components except Accounts and Contracts, on SQLite, in a namespace of the
/// run's Temporal server.
#[derive(Debug, Clone)]
#[must_use = "start() it"]
pub struct EnvBuilder {
    binaries: Binaries,
    components: BTreeSet<Component>,
    later: BTreeSet<Component>,
    is_direct: bool,
    postgres: Option<&'static PostgresServer>,
    variables: Vec<(Component, String, String)>,
}

impl EnvBuilder {
    pub(super) fn new(binaries: Binaries) -> Self {
        let components = [Component::Billing, Component::Reports, Component::Worker, Component::Api].into();
        let (later, variables) = (BTreeSet::new(), Vec::new());
        Self { binaries, components, later, is_direct: false, postgres: None, variables }
    }

    /// Uses only Billing and Reports, without Temporal.
    pub fn services_only(mut self) -> Self {
        self.components = [Component::Billing, Component::Reports].into();
        self
    }

    /// Uses only the system's own Temporal server, with its data in a file.
    pub fn temporal_only(mut self) -> Self {
        self.components = [Component::Temporal].into();
        self
    }

    /// Uses only Accounts and the worker.
    pub fn transfers_only(mut self) -> Self {
        self.components = [Component::Accounts, Component::Worker].into();
        self
    }

    /// Adds Accounts.
    pub fn accounts(mut self) -> Self {
        self.components.insert(Component::Accounts);
        self
    }

    /// Uses only Contracts and the worker.
    pub fn confirmations_only(mut self) -> Self {
        self.components = [Component::Contracts, Component::Worker].into();
        self
    }

    /// Adds Contracts.
    pub fn contracts(mut self) -> Self {
        self.components.insert(Component::Contracts);
        self
    }

    /// Leaves it to the test to [`Env::start`] a component.
    pub fn later(mut self, component: Component) -> Self {
        self.later.insert(component);
        self
    }

    /// Leaves out the proxies between the components, for benches.
    pub fn direct(mut self) -> Self {
        self.is_direct = true;
        self
    }

    /// Gives the system its own Temporal server, with its data in a file, which the test may kill and restart.
    pub fn own_temporal(mut self) -> Self {
        self.components.insert(Component::Temporal);
        self
    }

    /// Puts the services on fresh databases of this server.
    pub fn postgres(mut self, server: &'static PostgresServer) -> Self {
        self.postgres = Some(server);
        self
    }

    /// Sets an environment variable of a component.
    pub fn variable(mut self, component: Component, name: &str, value: &str) -> Self {
        self.variables.push((component, name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the system and waits until all of it is ready.
    ///
    /// # Panics
    /// Panics if a component ends, or does not become ready.
    pub async fn start(self) -> Env {
        let dir = temp_dir(&self.binaries, "env-");
        let temporal = self.temporal(dir.path());
        let ports: BTreeMap<Component, u16> = self.components.iter().map(|c| (*c, free_port())).collect();
        let proxies = if self.is_direct { BTreeMap::new() } else { proxies(&ports) };
        let urls = urls(&ports, &proxies);
        let client = temporal.as_ref().map(|server| Temporal::new(server, &unique("it")));
        let mut components = BTreeMap::new();
        for (component, port) in ports {
            let program = match (component, &temporal) {
                (Component::Temporal, Some(server)) => server.program().clone(),
                _ => self.program(component, port, &urls, client.as_ref(), dir.path()),
            };
            components.insert(component, Running::new(component, port, program));
        }
        let env = Env { components, proxies, temporal: client, dir };
        self.start_all(&env).await;
        env
    }

    async fn start_all(&self, env: &Env) {
        if self.components.contains(&Component::Temporal) {
            env.start(Component::Temporal).await;
        } else if let Some(temporal) = &env.temporal {
            temporal.register_namespace().await;
        }
        let now = self.components.iter().filter(|c| **c != Component::Temporal && !self.later.contains(c));
        let now: Vec<Component> = now.copied().collect();
        join_all(now.iter().map(|component| env.start(*component))).await;
        // Others may wait for the components that are left for later.
        if self.later.is_empty() {
            join_all(now.iter().map(|component| env.ready(*component))).await;
        }
    }

    fn temporal(&self, dir: &Path) -> Option<TemporalServer> {
        let needed = self.components.contains(&Component::Worker) || self.components.contains(&Component::Api);
        if self.components.contains(&Component::Temporal) {
            return Some(TemporalServer::with_database(&self.binaries, dir));
        }
        needed.then(|| TemporalServer::shared(&self.binaries))
    }

    fn program(
        &self,
        component: Component,
        port: u16,
        urls: &BTreeMap<Link, String>,
        temporal: Option<&Temporal>,
        dir: &Path,
    ) -> Program {
        let name = component.name();
        let mut environment = BTreeMap::from([
            (format!("{}_ADDR", name.to_uppercase()), format!("127.0.0.1:{port}")),
            ("DATA_DIR".to_owned(), dir.display().to_string()),
            ("HOME".to_owned(), dir.display().to_string()),
            ("RUST_BACKTRACE".to_owned(), "1".to_owned()),
        ]);
        if component.has_a_database() {
            environment.insert(format!("{}_DATABASE_URL", name.to_uppercase()), self.database_url(name, dir));
        }
        if let Some(temporal) = temporal {
            environment.insert("TEMPORAL_ADDRESS".to_owned(), temporal.address().to_owned());
            environment.insert("TEMPORAL_NAMESPACE".to_owned(), temporal.namespace().to_owned());
        }
        for link in Link::ALL.into_iter().filter(|link| link.from() == component) {
            // No program may find another system's service at the default address.
            let url = urls.get(&link).cloned().unwrap_or_else(|| NOWHERE.to_owned());
            environment.insert(link.variable().to_owned(), url);
        }
        let own = self.variables.iter().filter(|(of, ..)| *of == component);
        environment.extend(own.map(|(_, name, value)| (name.clone(), value.clone())));
        Program {
            supervisor: self.binaries.supervisor.clone(),
            path: self.binary(component),
            arguments: Vec::new(),
            environment,
            log: dir.join(format!("{name}.log")),
        }
    }

    fn database_url(&self, name: &str, dir: &Path) -> String {
        match self.postgres {
            Some(server) => server.create_database(),
            None => format!("sqlite://{}?mode=rwc", dir.join(format!("{name}.sqlite")).display()),
        }
    }

    fn binary(&self, component: Component) -> PathBuf {
        match component {
            Component::Billing => self.binaries.billing.clone(),
            Component::Reports => self.binaries.reports.clone(),
            Component::Accounts => self.binaries.accounts.clone(),
            Component::Contracts => self.binaries.contracts.clone(),
            Component::Worker => self.binaries.worker.clone(),
            Component::Api => self.binaries.api.clone(),
            Component::Temporal => unreachable!("the server knows its own program"),
        }
    }
}

/// Returns where each component finds the others: behind the proxy, if there is one.
fn urls(ports: &BTreeMap<Component, u16>, proxies: &BTreeMap<Link, FaultProxy>) -> BTreeMap<Link, String> {
    let url = |link: Link| {
        let direct = ports.get(&link.to()).map(|port| format!("http://127.0.0.1:{port}"));
        proxies.get(&link).map(FaultProxy::url).or(direct).map(|url| (link, url))
    };
    Link::ALL.into_iter().filter_map(url).collect()
}

fn proxies(ports: &BTreeMap<Component, u16>) -> BTreeMap<Link, FaultProxy> {
    let wanted = Link::ALL.into_iter().filter(|link| ports.contains_key(&link.from()));
    wanted
        .filter_map(|link| Some((link, FaultProxy::start(format!("http://127.0.0.1:{}", ports.get(&link.to())?)))))
        .collect()
}
