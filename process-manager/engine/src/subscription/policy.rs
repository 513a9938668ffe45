//! Timeouts and retry policies of a subscription's activities.

use std::time::Duration;

use process_manager_wire::Position;
use temporalio_common::RetryPolicy;
use temporalio_workflow::{ActivityCancellationType, ActivityOptions};

/// A worker without a heartbeat for this long is taken for dead, and another one continues.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);
/// Far beyond a turn's time: it only ends an attempt that hangs and heartbeats all the same.
const TURN_TIMEOUT: Duration = Duration::from_secs(3600);
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// For one turn. When it is cancelled, it says first how far it came.
pub(super) fn follow_options(position: Position) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(TURN_TIMEOUT)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .retry_policy(retry_policy())
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .summary(format!("Follow the log from position {position}"))
        .build()
}

/// For a redelivery. It gives up an event by itself, so that the subscription goes on.
pub(super) fn redeliver_options(events: usize) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(TURN_TIMEOUT)
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .retry_policy(retry_policy())
        .summary(format!("Redeliver {events} events"))
        .build()
}

/// For finding the start.
pub(super) fn start_options() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(START_TIMEOUT)
        .retry_policy(retry_policy())
        .summary("Find where to begin".to_owned())
        .build()
}

/// Without end, and soon, so that a dead worker's subscription continues.
fn retry_policy() -> RetryPolicy {
    RetryPolicy::builder().initial_interval(Duration::from_millis(200)).maximum_interval(Duration::from_secs(5)).build()
}
