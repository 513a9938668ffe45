//! Timeouts and retry policies of a batch's activities.

use std::time::Duration;

use temporalio_common::RetryPolicy;
use temporalio_workflow::{ActivityCancellationType, ActivityOptions};

/// A worker that sends no heartbeat for this long counts as dead, and another one goes on.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);
/// Far longer than a chunk: it only ends an attempt that hangs but still sends heartbeats.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(3600);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the options for one chunk. When a chunk is cancelled, commands in flight finish, and it reports how far it
/// got.
pub(super) fn chunk(summary: String) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(CHUNK_TIMEOUT)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .retry_policy(retry_policy())
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .summary(summary)
        .build()
}

/// Returns the options for a request to Temporal itself.
pub(super) fn request(summary: String) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(REQUEST_TIMEOUT).retry_policy(retry_policy()).summary(summary).build()
}

/// Retries without end, and soon, so that a dead worker's batch goes on.
fn retry_policy() -> RetryPolicy {
    RetryPolicy::builder().initial_interval(Duration::from_millis(200)).maximum_interval(Duration::from_secs(5)).build()
}
