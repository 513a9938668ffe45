//! Evicts idle runs from the worker's memory: the host's side of [`process_manager_engine::idle`] (ADR 13).

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use process_manager_engine::idle::{self, IdleRuns};

use temporalio_client::{Client, NamespacedClient};
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_sdk::{Worker, WorkerOptions, runtime::CoreWorker};
use temporalio_sdk_core::{CoreRuntime, RuntimeOptions, init_worker};
use tokio::time::{MissedTickBehavior, interval};

use super::WorkerError;

/// How often to look for idle runs.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// When each idle run may leave, by run id. Only one worker of a program has a run at a time.
#[derive(Debug, Default)]
struct Due(Mutex<HashMap<String, Instant>>);

static DUE: LazyLock<Due> = LazyLock::new(Due::default);

impl Due {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the runs whose time has come, until they are gone.
    fn expired(&self) -> Vec<String> {
        let now = Instant::now();
        self.lock().iter().filter(|(_, at)| **at <= now).map(|(run_id, _)| run_id.clone()).collect()
    }
}

impl IdleRuns for Due {
    fn arm(&self, run_id: &str, timeout: Duration) {
        if let Some(at) = Instant::now().checked_add(timeout) {
            self.lock().insert(run_id.to_owned(), at);
        }
    }

    fn disarm(&self, run_id: &str) {
        self.lock().remove(run_id);
    }
}

/// Creates a worker whose cache evicts idle runs.
pub(super) fn start_worker(
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
    idle::listen(&*DUE);
    tokio::spawn(evict_idle(Arc::downgrade(&core)));
    Ok(Worker::new_from_core_options(core, client.options().clone(), options)?)
}

/// Evicts idle runs until the worker is gone.
async fn evict_idle(core: Weak<CoreWorker>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(core) = core.upgrade() else { return };
        // A run of another worker of this program is unknown here, which does no harm.
        DUE.expired().iter().for_each(|run_id| core.request_workflow_eviction(run_id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_due_after_its_time_unless_it_is_disarmed() {
        let due = Due::default();
        for run in ["idle", "busy"] {
            due.arm(run, Duration::ZERO);
        }
        due.arm("patient", Duration::from_secs(3600));
        due.disarm("busy");
        assert_eq!(due.expired(), ["idle"]);
        due.disarm("idle");
        assert!(due.expired().is_empty());
    }
}
