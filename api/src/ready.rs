//! Readiness: whether a voiding posted now would run.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use process_manager_client::http::CommandError;
use process_manager_host::operator::OperatorError;
use tokio::time::Instant;
use voiding_client::{AnotherSystem, VoidingClient};

/// Maximum age of the last poll; a worker polls at least once a minute.
const POLLED_WITHIN: Duration = Duration::from_secs(75);

/// The reason why a voiding posted now would not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    #[error(transparent)]
    AnotherSystem(#[from] Arc<AnotherSystem>),
    #[error("Billing does not answer: {0}")]
    Billing(#[from] CommandError),
    #[error("Temporal does not answer, or lacks the search attributes that the worker registers: {0}")]
    Temporal(#[from] OperatorError),
    #[error("no worker polls for tasks of the voiding")]
    NoWorker,
}

/// The workers' polls that have been seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Polls(Arc<Mutex<Option<Seen>>>);

/// The last poll by Temporal's clock, and when this program first saw it by its own clock.
#[derive(Debug, Clone, Copy)]
struct Seen {
    poll: DateTime<Utc>,
    at: Instant,
    /// Whether it arrived while this program was watching.
    is_new: bool,
}

impl Polls {
    /// Returns whether a worker has polled within the last 75 s.
    ///
    /// Temporal's clock and this program's may differ by hours, so Temporal's times are compared only with each other:
    /// a poll counts from when it was seen. Only the first poll, which may be old, must be recent by both clocks. If
    /// the clocks differ, the next poll decides.
    fn is_recent(&self, poll: Option<DateTime<Utc>>, clock: DateTime<Utc>, now: Instant) -> bool {
        let Some(poll) = poll else { return false };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match *seen {
            Some(known) if known.poll >= poll => known,
            before => *seen.insert(Seen { poll, at: now, is_new: before.is_some() }),
        };
        let age = (clock - known.poll).abs();
        let by_clocks = TimeDelta::from_std(POLLED_WITHIN).is_ok_and(|limit| age <= limit);
        now - known.at <= POLLED_WITHIN && (known.is_new || by_clocks)
    }
}

/// Checks that Billing, Temporal with our search attributes, and a worker answer.
pub(crate) async fn check(voidings: &VoidingClient, polls: &Polls) -> Result<(), NotReady> {
    voidings.check_owner()?;
    let billing = async { voidings.billing().check().await.map_err(NotReady::from) };
    let worker = async {
        let last_poll = voidings.last_poll().await?;
        if polls.is_recent(last_poll, Utc::now(), Instant::now()) { Ok(()) } else { Err(NotReady::NoWorker) }
    };
    tokio::try_join!(billing, worker).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    /// Returns the verdicts, given the seconds that pass here, this program's clock, and the last poll by Temporal's
    /// clock.
    fn told(seen: &[(u64, i64, Option<i64>)]) -> Vec<bool> {
        let (polls, began) = (Polls::default(), Instant::now());
        let told = seen.iter().map(|(passed, now, poll)| {
            polls.is_recent(poll.map(clock), clock(*now), began + Duration::from_secs(*passed))
        });
        told.collect()
    }

    #[test]
    fn with_clocks_that_agree_the_first_look_tells() {
        assert_eq!(told(&[(0, 0, Some(-60))]), [true]);
        assert_eq!(told(&[(0, 0, Some(-80))]), [false]);
        assert_eq!(told(&[(0, 0, None)]), [false]);
    }

    #[test]
    fn a_clock_that_is_hours_off_does_not_make_the_api_unready() {
        for off in [7_200, -7_200] {
            let seen =
                [(0, off, Some(0)), (30, off + 30, Some(0)), (60, off + 60, Some(55)), (120, off + 120, Some(110))];
            assert_eq!(told(&seen), [false, false, true, true], "{off}");
        }
    }

    #[test]
    fn after_the_last_worker_has_gone_it_is_unready_whatever_the_clocks_say() {
        for off in [0, 7_200, -7_200] {
            let seen =
                [(0, off, Some(0)), (60, off + 60, Some(60)), (130, off + 130, Some(60)), (140, off + 140, Some(60))];
            assert_eq!(told(&seen)[1..], [true, true, false], "{off}");
        }
    }
}
