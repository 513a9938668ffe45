//! The SDK's worker: what is registered with it, how it polls, and how it ends.

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
use temporalio_sdk::{WorkerOptions, runtime::PollerBehavior};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::sync::CancellationToken;
use transfers::TransferMoney;
use workflows::voiding::{DocumentVoiding, TASK_QUEUE};

use crate::{
    Config, SUBSCRIPTION,
    metrics::Meter,
    starter::{VoidingRoutes, VoidingStarter},
};

/// Enough for a burst: a task that finds no poller goes to the server's backlog and may lie there for 5 s. A fifth of
/// them poll the shared queue, where new processes come in (SDK 1.1.1 does not pass on the option that sets the share).
const WORKFLOW_POLLERS: usize = 100;
/// Regular activities only run where the local attempt has failed.
const ACTIVITY_POLLERS: usize = 10;
/// Processes that wait are kept in memory up to this number; beyond it they are replayed when something happens.
const CACHED_WORKFLOWS: usize = 2_000;
/// How far a subscription may run ahead of what Temporal knows of its position.
const HEARTBEAT_THROTTLE: Duration = Duration::from_secs(1);
/// Activities in flight may go on for this long after the worker was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// A worker that runs in a thread of its own.
pub(crate) struct Host {
    pub(crate) ended: oneshot::Receiver<anyhow::Result<()>>,
    pub(crate) subscriptions: HostedSubscriptions,
    stop: Box<dyn Fn() + Send + Sync>,
    stop_subscriptions: CancellationToken,
}

impl Host {
    /// Starts to poll. The SDK's worker cannot move between threads, so it gets its own; that one is not waited for by
    /// the program's end, should an activity hang.
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
                begins.send(stop).map_err(|_| anyhow!("nobody waits for the worker"))?;
                worker.run().await.context("the worker cannot poll")
            });
            // Nobody listens when the drain has taken too long.
            let _ = ends.send(outcome);
        })?;
        match begun.await {
            Ok(stop) => Ok(Self { ended, subscriptions, stop, stop_subscriptions }),
            Err(_) => Err(ended.await?.err().unwrap_or_else(|| anyhow!("the worker has not begun"))),
        }
    }

    /// Takes no more work, and returns when the work in hand is done or its time is over.
    pub(crate) async fn drain(self) -> anyhow::Result<()> {
        (self.stop)();
        self.stop_subscriptions.cancel();
        match tokio::time::timeout(DRAIN + Duration::from_secs(2), self.ended).await {
            Ok(outcome) => outcome?,
            Err(_) => {
                tracing::warn!("activities did not end within {} s; Temporal will repeat them", DRAIN.as_secs());
                Ok(())
            }
        }
    }
}

fn telemetry() -> TelemetryOptions {
    let meter: Arc<dyn CoreMeter> = Arc::new(Meter);
    TelemetryOptions::builder().metrics(meter).build()
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
        .manager(Manager::<TransferMoney>::new(
            FeedClient::new(config.accounts_url.clone())?,
            HttpDispatcher::new(config.accounts_url.clone())?,
        ));
    let mut options = WorkerOptions::new(TASK_QUEUE)
        .register_workflow::<DocumentVoiding>()?
        .register_activities(Billing::new(billing, config.slow_down))
        .register_activities(Reports::new(reports, config.slow_down))
        // By default the SDK reads the whole executable to make an id of it.
        .deployment_options(WorkerDeploymentOptions::from_build_id(env!("CARGO_PKG_VERSION").to_owned()))
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(WORKFLOW_POLLERS))
        .activity_task_poller_behavior(PollerBehavior::SimpleMaximum(ACTIVITY_POLLERS))
        .max_cached_workflows(CACHED_WORKFLOWS)
        .max_heartbeat_throttle_interval(HEARTBEAT_THROTTLE)
        .graceful_shutdown_period(DRAIN)
        .build();
    let subscriptions = hosting.register(&mut options)?;
    Ok((options, subscriptions))
}
