//! The whole system: two workers, two apis, the services, Temporal and PostgreSQL, with a proxy on each connection.

mod programs;
mod slot;
mod wire;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use tempfile::TempDir;
use tests::{Binaries, FaultProxy, PostgresServer, eventually, free_port, pass_over, temp_dir};

use self::programs::{Programs, faketime};
pub(crate) use self::{
    slot::Slot,
    wire::{Mode, Wire},
};
use crate::plan::{Plan, SERVICES};

/// Which program calls which others over HTTP.
const CALLS: [(&str, &[&str]); 6] = [
    ("reports", &["billing"]),
    ("worker-1", &SERVICES),
    ("worker-2", &SERVICES),
    ("api-1", &["billing", "reports", "contracts"]),
    ("api-2", &["billing", "reports", "contracts"]),
    ("client", &["billing", "reports", "accounts", "contracts", "api-1", "api-2"]),
];
const ON_TEMPORAL: [&str; 4] = ["worker-1", "worker-2", "api-1", "api-2"];

/// A connection over HTTP.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) proxy: FaultProxy,
}

/// The running system. It ends with this value.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) slots: BTreeMap<&'static str, Arc<Slot>>,
    pub(crate) links: Vec<Link>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) postgres: Option<PostgresServer>,
    /// URL of each service's database, not through a wire.
    pub(crate) databases: BTreeMap<&'static str, String>,
    /// Address of Temporal's HTTP API.
    pub(crate) temporal: String,
    programs: Programs,
    dir: TempDir,
}

impl System {
    /// Starts everything and waits until all of it is ready.
    pub(crate) async fn start(plan: &Plan, binaries: Binaries) -> Self {
        let dir = temp_dir(&binaries, "chaos-");
        let faketime = faketime();
        if faketime.is_none() {
            pass_over("chaos: clocks of single programs", "faketime");
        }
        let (new, old) = (plan.programs.clone(), plan.old_programs.clone());
        let programs = Programs { binaries, dir: dir.path().to_owned(), new, old, faketime };
        let postgres =
            if plan.on_postgres.is_empty() { None } else { PostgresServer::durable("chaos: services on PostgreSQL") };
        let names = SERVICES.into_iter().chain(ON_TEMPORAL);
        let ports: BTreeMap<_, _> = names.map(|name| (name, free_port())).collect();
        let (grpc, http) = (free_port(), free_port());
        let links = links(&ports);
        let mut wires = Vec::new();
        for _ in ON_TEMPORAL {
            wires.push(Wire::start(grpc).await);
        }
        let mut databases = BTreeMap::new();
        let mut slots = BTreeMap::new();
        let temporal = Slot::new("temporal", grpc, programs.temporal(grpc, http), None);
        slots.insert("temporal", Arc::new(temporal));
        for (name, port) in ports {
            let mut urls = urls(name, &links);
            if let Some(position) = ON_TEMPORAL.iter().position(|it| *it == name) {
                urls.insert("TEMPORAL_ADDRESS".to_owned(), format!("127.0.0.1:{}", wires[position].port));
                urls.insert("TEMPORAL_NAMESPACE".to_owned(), "default".to_owned());
            } else {
                let server = postgres.as_ref().filter(|_| plan.on_postgres.contains(&name));
                let (direct, used) = database(name, server, dir.path(), &mut wires).await;
                databases.insert(name, direct);
                urls.insert(format!("{}_DATABASE_URL", name.to_uppercase()), used);
            }
            let slot = Slot::new(name, port, programs.program(name, port, urls), programs.clock(name));
            slots.insert(name, Arc::new(slot));
        }
        let temporal = format!("http://127.0.0.1:{http}/api/v1/namespaces/default");
        let system = Self { slots, links, wires, postgres, databases, temporal, programs, dir };
        system.begin().await;
        system
    }

    async fn begin(&self) {
        self.slots["temporal"].start().await;
        answers(&self.temporal).await;
        for slot in self.slots.values() {
            slot.start().await;
        }
        for slot in self.slots.values().filter(|slot| slot.name != "temporal") {
            answers(&format!("{}/readyz", slot.url())).await;
        }
    }

    /// Makes a program run this release from its next start on.
    pub(crate) fn upgrade(&self, slot: &Slot) {
        slot.replace(self.programs.arguments(slot.name, false));
    }

    pub(crate) fn url_for_clients(&self, of: &str) -> String {
        let link = self.links.iter().find(|link| link.from == "client" && link.to == of);
        link.map_or_else(|| self.temporal.clone(), |link| link.proxy.url())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Restarts programs that have ended by themselves. Never returns.
    pub(crate) async fn supervise(slots: Vec<Arc<Slot>>) {
        loop {
            for slot in &slots {
                slot.revive().await;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

fn links(ports: &BTreeMap<&'static str, u16>) -> Vec<Link> {
    let pairs = CALLS.iter().flat_map(|(from, others)| others.iter().map(move |to| (*from, *to)));
    pairs
        .map(|(from, to)| Link { from, to, proxy: FaultProxy::start(format!("http://127.0.0.1:{}", ports[to])) })
        .collect()
}

/// Returns the variables that give a program the addresses of the others.
fn urls(name: &str, links: &[Link]) -> BTreeMap<String, String> {
    let own = links.iter().filter(|link| link.from == name);
    own.map(|link| (format!("{}_URL", link.to.to_uppercase()), link.proxy.url())).collect()
}

/// Returns the URL of a service's new database, and the one that the service uses.
async fn database(name: &str, server: Option<&PostgresServer>, dir: &Path, wires: &mut Vec<Wire>) -> (String, String) {
    let Some(server) = server else {
        let url = format!("sqlite://{}?mode=rwc", dir.join(format!("{name}.sqlite")).display());
        return (url.clone(), url);
    };
    let direct = server.create_database();
    let wire = Wire::start(server.port()).await;
    let used = direct.replace(&format!(":{}/", server.port()), &format!(":{}/", wire.port));
    wires.push(wire);
    (direct, used)
}

async fn answers(url: &str) {
    eventually(&format!("{url} answers"), async || {
        let answer = test_support::http().get(url).send().await.map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
    })
    .await;
}
