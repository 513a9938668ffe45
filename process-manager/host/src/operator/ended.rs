//! Finds runs that were ended from outside.

use chrono::{DateTime, Utc};

/// The statuses of runs that were ended from outside.
pub const ENDED_FROM_OUTSIDE: [&str; 3] = ["Terminated", "Canceled", "TimedOut"];

/// Returns the visibility query for runs of these types that have ended with a status since a time. One query for
/// several statuses would make the dev server's SQLite read every run, including open ones.
#[must_use]
pub fn ended_with(status: &str, types: &[&str], since: Option<DateTime<Utc>>) -> String {
    let types: Vec<_> = types.iter().map(|name| format!("'{name}'")).collect();
    let since = since.map(|since| format!(" AND CloseTime >= '{}'", since.to_rfc3339())).unwrap_or_default();
    format!("WorkflowType IN ({}) AND ExecutionStatus = '{status}'{since}", types.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_one_status() {
        assert_eq!(
            ended_with("Terminated", &["Sell", "Buy"], None),
            "WorkflowType IN ('Sell', 'Buy') AND ExecutionStatus = 'Terminated'"
        );
        assert_eq!(
            ended_with("TimedOut", &["Sell"], Some(DateTime::UNIX_EPOCH)),
            "WorkflowType IN ('Sell') AND ExecutionStatus = 'TimedOut' AND CloseTime >= '1970-01-01T00:00:00+00:00'"
        );
    }
}
