//! The SDK's worker: registration, polling and shutdown.

use std::{sync::Arc, thread, time::Duration};

use activities::{Billing, Reports};
use anyhow::{Context, anyhow};
use process_manager_client::{
    feed::FeedClient,
    http::{CommandClient, Timeouts},
};
use process_manager_host::{HostedSubscriptions, Hosting, HttpDispatcher, Manager, start_worker};
use temporalio_client::Client;
use temporalio_common::{
    telemetry::{TelemetryOptions, metrics::CoreMeter},
    worker::WorkerDeploymentOptions,
};
use temporalio_sdk::{
    WorkerOptions,
    runtime::{
        PollerBehavior,
        worker_tuner::{FixedSizeSlotSupplier, TunerHolder},
    },
};
use tokio::{runtime::Handle, sync::oneshot, time::timeout};
use tokio_util::sync::CancellationToken;
use transfers::TransferMoney;
use workflows::{
    contract_confirmation::ContractConfirmation,
    credit_change::{CreditChange, ReinstateContracts, RevokeContracts},
    voiding::{DocumentVoiding, TASK_QUEUE},
};

use crate::{
    Config, SUBSCRIPTION,
    credit_change::{Affected, Questions},
    metrics::Meter,
    starter::{VoidingRoutes, VoidingStarter},
};

/// Enough for a burst: a task that finds no poller goes to the server's backlog, where it may wait for 5 s. A fifth of
/// the pollers poll the shared queue, which has new processes (SDK 1.1.1 ignores the option that sets the share).
const WORKFLOW_POLLERS: usize = 100;
/// Maximum number of concurrent workflow tasks. Each poller holds one, whether it has a task or not. The others are for
/// the tasks that arrive with the answer to a start.
const WORKFLOW_TASKS: usize = 2 * WORKFLOW_POLLERS;
/// Maximum number of concurrent activities of each kind: the SDK's default.
const ACTIVITIES: usize = 100;
/// Regular activities run only after the local attempt has failed.
const ACTIVITY_POLLERS: usize = 10;
/// Maximum number of waiting processes in memory. The others are replayed when something happens.
const CACHED_WORKFLOWS: usize = 2_000;
/// Longest interval at which the latest position of a subscription is reported to Temporal.
const HEARTBEAT_THROTTLE: Duration = Duration::from_secs(1);
/// Time for activities in flight to end after a shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// A worker that runs in its own thread.
pub(crate) struct Host {
    pub(crate) ended: oneshot::Receiver<anyhow::Result<()>>,
    pub(crate) subscriptions: HostedSubscriptions,
    stop: Box<dyn Fn() + Send + Sync>,
    stop_subscriptions: CancellationToken,
}

impl Host {
    /// Starts polling. The SDK's worker cannot move between threads, so it gets its own. In case an activity hangs, the
    /// program does not wait for that thread for ever; the thread then ends with the process
    /// (`service_kit::run_program`).
    pub(crate) async fn start(config: &Config, client: &Client) -> anyhow::Result<Self> {
        let stop_subscriptions = CancellationToken::new();
        let (options, subscriptions) = options(config, client, &stop_subscriptions)?;
        let (ends, ended) = oneshot::channel();
        let (begins, begun) = oneshot::channel();
        let (client, tokio) = (client.clone(), Handle::current());
        thread::Builder::new().name("temporal-worker".to_owned()).spawn(move || {
            let outcome = tokio.block_on(async {
                let mut worker = start_worker(&client, options, telemetry())?;
                let stop: Box<dyn Fn() + Send + Sync> = Box::new(worker.shutdown_handle());
                begins.send(stop).map_err(|_| anyhow!("the worker was dropped before it started"))?;
                worker.run().await.context("the worker cannot poll")
            });
            // The receiver is gone if draining has taken too long.
            let _ = ends.send(outcome);
        })?;
        match begun.await {
            Ok(stop) => Ok(Self { ended, subscriptions, stop, stop_subscriptions }),
            Err(_) => Err(ended.await?.err().unwrap_or_else(|| anyhow!("the worker did not start"))),
        }
    }

    /// Stops polling. Returns when the activities in flight have ended or their time is over.
    pub(crate) async fn drain(self) -> anyhow::Result<()> {
        (self.stop)();
        self.stop_subscriptions.cancel();
        match timeout(DRAIN + Duration::from_secs(2), self.ended).await {
            Ok(outcome) => outcome?,
            Err(_) => {
                tracing::warn!("activities did not end within {} s; Temporal will retry them", DRAIN.as_secs());
                Ok(())
            }
        }
    }
}

fn telemetry() -> TelemetryOptions {
    let meter: Arc<dyn CoreMeter> = Arc::new(Meter);
    TelemetryOptions::builder().metrics(meter).build()
}

fn transfers(config: &Config) -> anyhow::Result<Manager<TransferMoney>> {
    let accounts = &config.accounts_url;
    Ok(Manager::new(FeedClient::new(accounts.clone())?, HttpDispatcher::new(accounts.clone())?))
}

fn confirmations(config: &Config) -> anyhow::Result<Manager<ContractConfirmation>> {
    let contracts = &config.contracts_url;
    let manager = Manager::new(FeedClient::new(contracts.clone())?, HttpDispatcher::new(contracts.clone())?);
    Ok(manager.settings(&config.confirmation))
}

/// Hosts the process and its batches.
fn credit_changes(hosting: Hosting, config: &Config) -> anyhow::Result<Hosting> {
    let url = &config.contracts_url;
    let contracts = CommandClient::new(url.clone(), Timeouts::default())?;
    let manager = Manager::<CreditChange>::new(FeedClient::new(url.clone())?, Questions(contracts.clone()));
    let affected = Affected(contracts);
    Ok(hosting
        .manager(manager.starts_batches())
        .batch::<RevokeContracts>(affected.clone(), HttpDispatcher::new(url.clone())?)
        .batch::<ReinstateContracts>(affected, HttpDispatcher::new(url.clone())?))
}

/// Returns how the worker polls and what it keeps, without what it hosts. A bench measures a worker with the same
/// settings.
#[must_use]
pub fn worker_options() -> WorkerOptions {
    WorkerOptions::new(TASK_QUEUE)
        // By default the SDK hashes the whole executable to make an id.
        .deployment_options(WorkerDeploymentOptions::from_build_id(env!("CARGO_PKG_VERSION").to_owned()))
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(WORKFLOW_POLLERS))
        .tuner(tuner())
        .activity_task_poller_behavior(PollerBehavior::SimpleMaximum(ACTIVITY_POLLERS))
        .max_cached_workflows(CACHED_WORKFLOWS)
        .max_heartbeat_throttle_interval(HEARTBEAT_THROTTLE)
        .graceful_shutdown_period(DRAIN)
        .build()
}

fn tuner() -> TunerHolder {
    TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(WORKFLOW_TASKS))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(ACTIVITIES))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(ACTIVITIES))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(ACTIVITIES))
        .build()
}

fn options(
    config: &Config,
    client: &Client,
    stop: &CancellationToken,
) -> anyhow::Result<(WorkerOptions, HostedSubscriptions)> {
    let billing = CommandClient::new(config.billing_url.clone(), Timeouts::default())?;
    let reports = CommandClient::new(config.reports_url.clone(), Timeouts::default())?;
    let starter = VoidingStarter::new(billing.clone(), client.clone());
    let hosting = Hosting::new(client.clone(), TASK_QUEUE, stop.clone())
        .routed::<VoidingRoutes>(SUBSCRIPTION, FeedClient::new(config.billing_url.clone())?, starter)
        .manager(transfers(config)?)
        .manager(confirmations(config)?);
    let hosting = credit_changes(hosting, config)?;
    let mut options = worker_options();
    options.register_workflow::<DocumentVoiding>()?;
    options.register_activities(Billing::new(billing, config.slow_down));
    options.register_activities(Reports::new(reports, config.slow_down));
    let subscriptions = hosting.register(&mut options)?;
    Ok((options, subscriptions))
}
