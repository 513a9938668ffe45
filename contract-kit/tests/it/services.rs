//! Our four services, each behind a proxy whose address outlives a restart.

use std::{collections::BTreeMap, sync::Arc};

use accounts::Accounts;
use billing::Billing;
use contract_kit::Kind;
use contracts::Contracts;
use reports::Reports;
use service_kit::{DatabaseUrl, Service};
use service_testing::Running;
use tempfile::TempDir;
use tokio::sync::Mutex;
use url::Url;

use crate::proxy::{Proxy, Spoil, Upstream};

/// The services, on SQLite.
pub(crate) struct Services {
    folder: TempDir,
    upstreams: BTreeMap<Kind, Upstream>,
    running: Mutex<Vec<Running>>,
    /// Of Billing; Reports follows it.
    billing: Url,
}

impl Services {
    pub(crate) async fn start() -> Arc<Self> {
        let kinds = [Kind::Billing, Kind::Reports, Kind::Accounts, Kind::Contracts];
        let upstreams: BTreeMap<Kind, Upstream> = kinds.into_iter().map(|kind| (kind, Upstream::default())).collect();
        let billing = Proxy::start(&upstreams[&Kind::Billing], Spoil::nothing()).await.url();
        let folder = tempfile::tempdir().unwrap();
        let services = Arc::new(Self { folder, upstreams, running: Mutex::default(), billing });
        services.run().await;
        services
    }

    /// Stops all of them and starts them on the same databases, at other addresses.
    pub(crate) async fn restart(&self) {
        for running in self.running.lock().await.drain(..) {
            running.stop().await;
        }
        self.run().await;
    }

    /// A proxy before the service, which spoils what passes.
    pub(crate) async fn spoiled(&self, kind: Kind, spoil: Spoil) -> Proxy {
        Proxy::start(&self.upstreams[&kind], spoil).await
    }

    pub(crate) fn billing(&self) -> Url {
        self.billing.clone()
    }

    async fn run(&self) {
        self.one(Kind::Billing, Billing).await;
        self.one(Kind::Reports, Reports::following(self.billing()).unwrap()).await;
        self.one(Kind::Accounts, Accounts).await;
        self.one(Kind::Contracts, Contracts).await;
    }

    async fn one(&self, kind: Kind, service: impl Service) {
        let database = DatabaseUrl::sqlite_file(&self.folder.path().join(format!("{kind}.db")), "TEST_DATABASE_URL");
        let running = Running::start(service, &database).await;
        self.upstreams[&kind].leads_to(running.client.addr());
        self.running.lock().await.push(running);
    }
}
