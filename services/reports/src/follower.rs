//! Follows Billing's log, so that each document that Billing issues gets into a report.

mod projection;
mod skip;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use messages::Position;
use process_manager_client::{
    Backoff,
    feed::{FeedClient, FeedError, FeedReader},
};
use process_manager_wire::error_chain;
use sea_orm::DbErr;
use service_kit::Database;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::projection::{COMMIT_AFTER, Projected, Projection};
pub(crate) use self::skip::Skip;
use crate::store;

/// Maximum number of events per request.
const BATCH: u16 = 500;
/// Minimum time between two pages of events, so that a busy Billing delivers several at a time.
const PAGE_EVERY: Duration = Duration::from_millis(50);
/// Longest time that one request waits for an event.
const WAIT: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The reason why the follower has stopped for good.
pub(crate) type Stopped = Arc<OnceLock<String>>;

/// Follows Billing's log and projects it into the reports.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) database: Database,
    pub(crate) billing: FeedClient,
    /// Events to skip if they cannot be read.
    pub(crate) skip: Skip,
    pub(crate) stopped: Stopped,
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error("Billing's log cannot be read: {0}")]
    Feed(#[from] FeedError),
    #[error("the database does not take the projection: {0}")]
    Database(#[from] DbErr),
    #[error("the event at position {position} cannot be read: {reason}")]
    Unreadable { position: Position, reason: String },
}

impl FollowError {
    /// Returns whether a retry would fail in the same way.
    fn is_final(&self) -> bool {
        match self {
            Self::Feed(error) => error.is_final(),
            Self::Unreadable { .. } => true,
            Self::Database(_) => false,
        }
    }
}

impl Follower {
    /// Follows the log until `shutdown` and retries after transient faults. It stops at another log, at a log that has
    /// lost events, and at a document that cannot be read.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.follow()).instrument(tracing::info_span!("follower")).await;
    }

    async fn follow(self) {
        metrics::gauge!("reports_follower_stopped").set(0);
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match self.read_on(&mut backoff).await {
                // Another replica is ahead; pause so that the two do not contend for the same events.
                Ok(()) => sleep(FIRST_PAUSE).await,
                Err(error) if error.is_final() => return self.stop(&error),
                Err(error) => {
                    let pause = backoff.next_pause();
                    tracing::warn!("{}; retrying in {} ms", error_chain(&error), pause.as_millis());
                    sleep(pause).await;
                }
            }
        }
    }

    /// Projects from the position in the database, until a fault occurs or another replica is ahead.
    async fn read_on(&self, backoff: &mut Backoff) -> Result<(), FollowError> {
        let mut projection = Projection::begin(store::position(&self.database).await?);
        let mut reader = FeedReader::new(self.billing.clone(), projection.at().clone());
        loop {
            let wait = if projection.is_ahead() { COMMIT_AFTER } else { WAIT };
            let events = reader.next(BATCH, wait).await?;
            let next_page = Instant::now() + PAGE_EVERY;
            backoff.reset();
            match projection.project(&self.database, &events, &self.skip).await? {
                Projected::All => {
                    show_position(projection.at().position);
                    reader.advance_to(projection.at().clone());
                    // A single event is not delayed.
                    if (1..usize::from(BATCH)).contains(&events.len()) {
                        sleep_until(next_page).await;
                    }
                }
                Projected::ByAnother => return Ok(()),
                Projected::Unreadable { position, reason } => return Err(FollowError::Unreadable { position, reason }),
            }
        }
    }

    fn stop(&self, error: &FollowError) {
        tracing::error!("Reports has stopped following Billing: {error}. No event is skipped; see docs/OPERATIONS.md");
        metrics::gauge!("reports_follower_stopped").set(1);
        // The follower stops only once.
        let _ = self.stopped.set(format!("Billing's log is not followed any more: {error}; see docs/OPERATIONS.md"));
    }
}

fn show_position(position: Position) {
    // A gauge is a float; positions are exact up to 2^53.
    #[expect(clippy::cast_precision_loss, reason = "it is only shown")]
    metrics::gauge!("reports_billing_position").set(position as f64);
}
