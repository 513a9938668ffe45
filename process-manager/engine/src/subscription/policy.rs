//! Timeouts and retry policies of a subscription's activities.

use std::time::Duration;

use process_manager_wire::Position;
use temporalio_common::RetryPolicy;
use temporalio_workflow::{ActivityCancellationType, ActivityOptions};

/// A worker that sends no heartbeat for this long counts as dead, and another one continues.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);
/// Far longer than a turn: it only ends an attempt that hangs but still sends heartbeats.
const TURN_TIMEOUT: Duration = Duration::from_secs(3600);
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Returns the options for one turn. When a turn is cancelled, it first reports how far it got.
pub(super) fn follow_options(position: Position) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(TURN_TIMEOUT)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .retry_policy(retry_policy())
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .summary(format!("Follow the log from position {position}"))
        .build()
}

/// Returns the options for a redelivery. It gives up on an event by itself, so the subscription goes on.
pub(super) fn redeliver_options(events: usize) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(TURN_TIMEOUT)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .retry_policy(retry_policy())
        .summary(format!("Redeliver {events} events"))
        .build()
}

/// Returns the options for finding the start.
pub(super) fn start_options() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(START_TIMEOUT)
        .retry_policy(retry_policy())
        .summary("Find where to begin".to_owned())
        .build()
}

/// Retries without end, and soon, so that a dead worker's subscription continues.
fn retry_policy() -> RetryPolicy {
    RetryPolicy::builder().initial_interval(Duration::from_millis(200)).maximum_interval(Duration::from_secs(5)).build()
}
