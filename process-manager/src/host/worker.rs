//! The SDK's worker, out of whose memory idle runs can leave.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use temporalio_client::{Client, NamespacedClient};
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_sdk::{Worker, WorkerOptions, error::WorkerCreateError, runtime::CoreWorker};
use temporalio_sdk_core::{CoreRuntime, RuntimeOptions, init_worker};
use tokio::time::{MissedTickBehavior, interval};

use super::idle::are_due;

/// How often idle runs are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The runtime or the options cannot be used.
    #[error("the worker cannot be set up: {0}")]
    Setup(String),
    /// The SDK will not have the worker.
    #[error(transparent)]
    Create(#[from] WorkerCreateError),
}

/// Makes a worker, for [`Worker::run`]. Beside that, the runs that have been idle for their process manager's
/// `idle_timeout` are evicted from its cache; with a worker that is made in another way, that option has no effect.
///
/// To be called within a Tokio runtime.
///
/// # Errors
/// [`WorkerError`].
pub fn start_worker(
    client: &Client,
    options: WorkerOptions,
    telemetry: TelemetryOptions,
) -> Result<Worker, WorkerError> {
    let config = options.to_core_options(client.namespace(), client.identity()).map_err(WorkerError::Setup)?;
    let setup = |error: &dyn std::fmt::Display| WorkerError::Setup(error.to_string());
    let runtime = RuntimeOptions::builder().telemetry_options(telemetry).build().map_err(WorkerError::Setup)?;
    let runtime = CoreRuntime::new_assume_tokio(runtime).map_err(|error| setup(&format!("{error:#}")))?;
    let core = init_worker(&runtime, config, client.connection().clone());
    let core = Arc::new(core.map_err(|error| setup(&format!("{error:#}")))?);
    tokio::spawn(evict_idle(Arc::downgrade(&core)));
    Ok(Worker::new_from_core_options(core, client.options().clone(), options)?)
}

/// Until the worker is gone.
async fn evict_idle(core: Weak<CoreWorker>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(core) = core.upgrade() else { return };
        // A run of another worker of this program is unknown here, and that is all.
        are_due().iter().for_each(|run_id| core.request_workflow_eviction(run_id));
    }
}
