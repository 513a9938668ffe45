//! Starts all programs in order, watches them, and ends them in reverse order.

use std::{
    io::{Write, stdout},
    path::Path,
    time::Duration,
};

use anyhow::{anyhow, bail};
use futures::future::join_all;
use process_manager_host::{
    connect::TemporalConfig,
    dev_server::{DevServer, DevServerConfig},
};
use temporalio_client::Client;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    addresses::url_of,
    component::{Component, any_ended},
    config::{Config, Options, Temporal},
    data_dir::DataDir,
    ports, ready,
    simulation::{self, Services},
    welcome::Welcome,
};

/// Retention of ended runs; the dev server's default is one day.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Groups of programs that end together, and their time limits. Temporal ends last, within 4.5 s; all together stay
/// below 20 s.
const ENDS: [(&[&str], Duration); 3] = [
    (&["simulation", "api"], Duration::from_secs(2)),
    (&["worker"], Duration::from_secs(11)),
    (&["reports", "billing", "accounts", "contracts"], Duration::from_secs(2)),
];

/// Runs the stack until `shutdown` or until a part of it fails. Leaves no process behind.
///
/// # Errors
/// Returns an error with one sentence: what to do, or which part failed and why.
pub(crate) async fn run(config: Config, options: Options, shutdown: CancellationToken) -> anyhow::Result<()> {
    let data = DataDir::hold(&config.data_dir)?;
    let mut stack = Stack::default();
    tokio::select! {
        free = ports::wait_for(&config, data.was_killed()) => free?,
        () = shutdown.cancelled() => return Ok(()),
    }
    let outcome = tokio::select! {
        outcome = stack.start_and_watch(config, options) => outcome,
        () = shutdown.cancelled() => {
            tracing::info!("ending");
            Ok(())
        }
    };
    stack.stop().await;
    outcome
}

/// The parts that have been started.
#[derive(Debug, Default)]
struct Stack {
    temporal: Option<DevServer>,
    components: Vec<Component>,
}

impl Stack {
    /// Starts all parts and watches them. Returns only with an error.
    async fn start_and_watch(&mut self, config: Config, options: Options) -> anyhow::Result<()> {
        let client = self.connect(&config).await?;
        self.start(&config, client);
        let programs = programs(&config)?;
        tokio::select! {
            ready = ready::wait_for(&programs) => ready?,
            failed = self.failed() => bail!(failed),
        }
        // The stack also runs if stdout is closed.
        let _ = write!(stdout(), "{}", Welcome(&config));
        if !options.no_simulation {
            let services = Services {
                api: url_of(&config.api.addr, "API_ADDR")?,
                billing: config.worker.billing_url,
                reports: config.worker.reports_url,
                accounts: config.worker.accounts_url,
                contracts: config.worker.contracts_url,
            };
            let changes = options.with_credit_changes;
            let simulation = |shutdown| simulation::run(services, changes, shutdown);
            self.components.push(Component::spawn("simulation", simulation));
        }
        Err(anyhow!(self.failed().await))
    }

    /// Returns a client of Temporal, and starts the dev server if one is configured.
    async fn connect(&mut self, config: &Config) -> anyhow::Result<Client> {
        let Temporal::Dev { port, ui_port, namespace } = &config.temporal else {
            let client = TemporalConfig::from_env()?.connect().await;
            return client.map_err(|error| anyhow!("{error}; start it, or unset TEMPORAL_ADDRESS for a dev server"));
        };
        let server = self.temporal.insert(DevServer::spawn(&DevServerConfig {
            ui_port: Some(*ui_port),
            database: Some(Path::new(&config.data_dir).join("temporal.db")),
            namespace: namespace.clone(),
            retention: Some(RETENTION),
            ..DevServerConfig::new(temporal_cli::find(&config.data_dir).await?, *port)
        })?);
        server.ready().await?;
        let address = Url::parse(&format!("http://{}", server.address()))?;
        tracing::info!("temporal listens on {address}");
        Ok(TemporalConfig::at(address, namespace).connect().await?)
    }

    fn start(&mut self, config: &Config, client: Client) {
        let Config { accounts, api, billing, contracts, reports, worker, .. } = config.clone();
        let worker_client = client.clone();
        self.components.extend([
            Component::spawn("billing", |shutdown| service_kit::run(billing, shutdown)),
            Component::spawn("reports", |shutdown| service_kit::run(reports, shutdown)),
            Component::spawn("accounts", |shutdown| service_kit::run(accounts, shutdown)),
            Component::spawn("contracts", |shutdown| service_kit::run(contracts, shutdown)),
            Component::spawn("worker", |shutdown| worker::run(worker, worker_client, shutdown)),
            Component::spawn("api", |shutdown| api::run(api, client, shutdown)),
        ]);
    }

    /// Waits until a part ends unexpectedly, and returns its name and the reason.
    async fn failed(&mut self) -> String {
        let temporal = async {
            match &mut self.temporal {
                Some(server) => server.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = any_ended(&mut self.components) => ended,
            ended = temporal => match ended {
                Ok(status) => format!("the Temporal dev server ended unexpectedly ({status})"),
                Err(error) => format!("the Temporal dev server's process cannot be watched ({error})"),
            },
        }
    }

    async fn stop(mut self) {
        for (names, limit) in ENDS {
            let of_now = |component: &mut Component| names.contains(&component.name());
            join_all(self.components.extract_if(.., of_now).map(|component| component.stop(limit))).await;
        }
        if let Some(server) = self.temporal
            && let Err(error) = server.stop().await
        {
            tracing::warn!("the Temporal dev server's end could not be awaited: {error}");
        }
    }
}

fn programs(config: &Config) -> anyhow::Result<[(&'static str, Url); 6]> {
    Ok([
        ("billing", url_of(&config.billing.addr, "BILLING_ADDR")?),
        ("reports", url_of(&config.reports.addr, "REPORTS_ADDR")?),
        ("accounts", url_of(&config.accounts.addr, "ACCOUNTS_ADDR")?),
        ("contracts", url_of(&config.contracts.addr, "CONTRACTS_ADDR")?),
        ("worker", url_of(&config.worker.addr, "WORKER_ADDR")?),
        ("api", url_of(&config.api.addr, "API_ADDR")?),
    ])
}
