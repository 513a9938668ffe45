//! How long a command is tried, written down once (DESIGN section 4, points 4 and 5).

use std::time::Duration;

use temporalio_workflow::{ActivityOptions, LocalActivityOptions, RetryPolicy};

/// One local attempt: long enough for a healthy service, short enough to keep the workflow task below its timeout.
pub const LOCAL_ATTEMPT: Duration = Duration::from_secs(2);
/// One attempt of a regular activity.
pub const ATTEMPT: Duration = Duration::from_secs(10);
/// A command that has not got through for this long shows as an incident.
pub const OVERDUE_AFTER: Duration = Duration::from_secs(10);
/// Wait before the first retry; it doubles from there.
pub const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The longest wait between two retries.
pub const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// The first try: a local activity, once.
#[must_use]
pub fn local(summary: String) -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .schedule_to_close_timeout(LOCAL_ATTEMPT)
        .start_to_close_timeout(LOCAL_ATTEMPT)
        .summary(summary)
        .build()
}

/// From the second try on: a regular activity, retried without end.
#[must_use]
pub fn durable(summary: String) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(ATTEMPT)
        .retry_policy(
            RetryPolicy::builder()
                .initial_interval(FIRST_RETRY)
                .backoff_coefficient(2.0)
                .maximum_interval(LONGEST_RETRY)
                .maximum_attempts(0)
                .build(),
        )
        .summary(summary)
        .build()
}
