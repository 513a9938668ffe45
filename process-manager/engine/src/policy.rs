//! How long a command is tried, defined in one place (ADR 1).

use std::time::Duration;

use process_manager::manager::Retry;
use temporalio_workflow::{ActivityOptions, LocalActivityOptions, RetryPolicy};

/// The time limit of the local attempt: long enough for a healthy service, short enough to keep the workflow task below
/// its timeout.
pub const LOCAL_ATTEMPT: Duration = Duration::from_secs(2);
/// The time limit of one attempt of a durable activity, unless the command sets its own.
pub const ATTEMPT: Duration = Duration::from_secs(10);
/// A command that has not succeeded for this long is stalled: it shows as an incident.
pub const STALLED_AFTER: Duration = Duration::from_secs(10);

/// Returns the options of the first attempt: a local activity, once.
#[must_use]
pub fn local(limit: Duration, summary: String) -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .schedule_to_close_timeout(limit)
        .start_to_close_timeout(limit)
        .summary(summary)
        .build()
}

/// Returns the options of the attempts after the local one: a durable activity, retried as `retry` says.
#[must_use]
pub fn durable(attempt: Duration, retry: Retry, summary: String) -> ActivityOptions {
    let policy = RetryPolicy::builder()
        .initial_interval(retry.first_pause)
        .backoff_coefficient(2.0)
        .maximum_interval(retry.longest_pause)
        // The local attempt was the first; 0 means without end.
        .maximum_attempts(retry.attempts.map_or(0, |attempts| attempts.saturating_sub(1).max(1)))
        .build();
    ActivityOptions::with_start_to_close_timeout(attempt).retry_policy(policy).summary(summary).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_retried_after_200_ms_then_doubling_up_to_30_s_without_end() {
        let policy = durable(ATTEMPT, Retry::FOREVER, String::new()).retry_policy.unwrap();
        assert_eq!(policy.initial_interval(), Duration::from_millis(200));
        assert_eq!(policy.maximum_interval(), Some(Duration::from_secs(30)));
        assert!((policy.backoff_coefficient() - 2.0).abs() < f64::EPSILON);
        assert_eq!((policy.maximum_attempts(), STALLED_AFTER), (0, Duration::from_secs(10)));
    }
}
