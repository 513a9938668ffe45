//! Creates the SDK's worker.

use temporalio_client::Client;
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_sdk::{Worker, WorkerOptions, error::WorkerCreateError};

/// The reason why a worker cannot be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The runtime or the options are invalid.
    #[error("the worker cannot be set up: {0}")]
    Setup(String),
    /// The SDK rejects the worker.
    #[error(transparent)]
    Create(#[from] WorkerCreateError),
}

/// Creates a worker, for [`Worker::run`]. Call it within a Tokio runtime.
///
/// With the feature `eviction`, runs that have been idle for their process manager's `idle_timeout` leave the worker's
/// memory. Without the feature, or in a worker created in another way, that option has no effect.
///
/// # Errors
/// [`WorkerError`] if the runtime, the options or the SDK refuse.
pub fn start_worker(
    client: &Client,
    options: WorkerOptions,
    telemetry: TelemetryOptions,
) -> Result<Worker, WorkerError> {
    #[cfg(feature = "eviction")]
    return super::eviction::start_worker(client, options, telemetry);
    #[cfg(not(feature = "eviction"))]
    {
        use temporalio_sdk::runtime::{Runtime, RuntimeOptions};

        let runtime = RuntimeOptions::builder().telemetry_options(telemetry).build().map_err(WorkerError::Setup)?;
        let runtime = Runtime::from_current_tokio(runtime).map_err(|error| WorkerError::Setup(error.to_string()))?;
        Ok(Worker::new(&runtime, client.clone(), options)?)
    }
}
