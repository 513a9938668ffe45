//! Our four services, each behind a proxy whose address outlives a restart.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use accounts::Accounts;
use billing::Billing;
use contract_kit::Kind;
use contracts::Contracts;
use reports::Reports;
use service_kit::{DatabaseUrl, Service};
use service_testing::Running;
use tempfile::TempDir;
use test_support::PostgresServer;
use tokio::sync::Mutex;
use url::Url;

use crate::proxy::{Proxy, Spoil, Upstream};

const VARIABLE: &str = "TEST_DATABASE_URL";

pub(crate) const ALL: [Kind; 4] = [Kind::Billing, Kind::Reports, Kind::Accounts, Kind::Contracts];

/// The services.
pub(crate) struct Services {
    _folder: TempDir,
    databases: BTreeMap<Kind, DatabaseUrl>,
    upstreams: BTreeMap<Kind, Upstream>,
    running: Mutex<Vec<Running>>,
    /// The URL of Billing, which Reports follows.
    billing: Url,
}

impl Services {
    /// Starts all of them, on SQLite.
    pub(crate) async fn start() -> Arc<Self> {
        Self::on(&ALL, |kind, folder| DatabaseUrl::sqlite_file(&folder.join(format!("{kind}.db")), VARIABLE)).await
    }

    /// Starts some of them, on new PostgreSQL databases.
    pub(crate) async fn on_postgres(kinds: &[Kind], server: &PostgresServer) -> Arc<Self> {
        Self::on(kinds, |_, _| DatabaseUrl::new(server.create_database(), VARIABLE)).await
    }

    async fn on(kinds: &[Kind], database: impl Fn(Kind, &Path) -> DatabaseUrl) -> Arc<Self> {
        let upstreams: BTreeMap<Kind, Upstream> = kinds.iter().map(|kind| (*kind, Upstream::default())).collect();
        let billing = Proxy::start(&upstreams[&Kind::Billing], Vec::new()).await.url();
        let folder = tempfile::tempdir().unwrap();
        let databases = kinds.iter().map(|kind| (*kind, database(*kind, folder.path()))).collect();
        let running = Mutex::default();
        let services = Arc::new(Self { _folder: folder, databases, upstreams, running, billing });
        services.run().await;
        services
    }

    /// Stops all of them and restarts them on the same databases, at other addresses.
    pub(crate) async fn restart(&self) {
        for running in self.running.lock().await.drain(..) {
            running.stop().await;
        }
        self.run().await;
    }

    /// Starts a proxy in front of the service.
    pub(crate) async fn proxy(&self, kind: Kind) -> Proxy {
        self.spoiled(kind, Vec::new()).await
    }

    /// Starts a proxy in front of the service that spoils what passes through.
    pub(crate) async fn spoiled(&self, kind: Kind, spoils: Vec<Spoil>) -> Proxy {
        Proxy::start(&self.upstreams[&kind], spoils).await
    }

    /// Starts a proxy in front of each service.
    pub(crate) async fn proxies(&self) -> BTreeMap<Kind, Url> {
        let mut urls = BTreeMap::new();
        for kind in self.databases.keys().copied() {
            urls.insert(kind, self.proxy(kind).await.url());
        }
        urls
    }

    pub(crate) fn billing(&self) -> Url {
        self.billing.clone()
    }

    async fn run(&self) {
        for kind in self.databases.keys().copied() {
            match kind {
                Kind::Billing => self.one(kind, Billing).await,
                Kind::Reports => self.one(kind, Reports::following(self.billing()).unwrap()).await,
                Kind::Accounts => self.one(kind, Accounts).await,
                Kind::Contracts => self.one(kind, Contracts).await,
            }
        }
    }

    async fn one(&self, kind: Kind, service: impl Service) {
        let running = Running::start(service, &self.databases[&kind]).await;
        self.upstreams[&kind].leads_to(running.client.addr());
        self.running.lock().await.push(running);
    }
}
