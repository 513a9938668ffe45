//! A table in PostgreSQL as an event log, for services that keep their data there and offer no `GET /events`.
//!
//! [`SCHEMA`] creates the tables; it belongs in the service's own migrations. The service then inserts its events into
//! `process_event` in the transaction that changes its data, and needs nothing else:
//!
//! ```sql
//! INSERT INTO process_event (source, type, subject, data) VALUES ('/shop', 'OrderPlaced', 'order-7', '{"total": 12}');
//! ```
//!
//! A [`PostgresSource`] reads them wherever an [`EventSource`] is required:
//!
//! ```no_run
//! use process_manager_client::feed::{FeedPosition, FeedReader, postgres::PostgresSource};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = PostgresSource::connect("postgres://reader@127.0.0.1/shop")?;
//! let reader = FeedReader::new(source, FeedPosition::default());
//! # Ok(())
//! # }
//! ```
//!
//! The tables are in the first schema of `search_path`. To use a schema other than `public`, name it in the URL:
//! `postgres://reader@127.0.0.1/shop?options=-c%20search_path%3Dbilling`.
//!
//! Transactions that insert events commit one after the other, see `docs/adr/0011-second-event-source.md`. A writer at
//! isolation level *repeatable read* or above must be ready to repeat its transaction after a serialization failure.

mod listen;

use std::{error::Error, str::FromStr, time::Duration};

use futures::TryStreamExt;
use process_manager_wire::{CloudEvent, Position};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{ANSWER_WITHIN, EventSource, FeedError, FeedEvent, MAX_LIMIT, MAX_WAIT, MOST_BYTES};

/// The tables of the log, as SQL that may be run repeatedly. It has several statements; run them in one transaction (as
/// `sqlx::raw_sql` does).
///
/// ```sql
#[doc = include_str!("postgres/event_log.sql")]
/// ```
pub const SCHEMA: &str = include_str!("postgres/event_log.sql");

/// The time limit for connecting, and for retrying a read while the server refuses.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A wait asks again after this time, so a lost notification only causes a delay.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The database makes the envelope. So a row that it cannot express in JSON, or that is not an event, does not prevent
/// reading the other rows. A missing log id is an error, not an empty log.
const READ: &str = "
    SELECT position, log_id, json_build_object(
        'specversion', '1.0', 'id', id, 'source', source, 'type', type, 'subject', subject, 'time', time,
        'datacontenttype', 'application/json', 'sequence', position::text, 'correlationid', correlation_id,
        'causationid', causation_id, 'logid', log_id, 'data', data)::text
    FROM process_event, (SELECT (SELECT log_id::text FROM process_event_log)) AS log (log_id)
    WHERE position > $1 ORDER BY position LIMIT $2";
const HEAD: &str = "SELECT coalesce(max(position), 0) FROM process_event";

/// Reads the event log in a PostgreSQL database. Cheap to clone.
///
/// Clones share a pool for reading, and one further connection that listens for new events and is closed with the last
/// clone. Both reconnect after the server was unavailable.
#[derive(Debug, Clone)]
pub struct PostgresSource {
    pool: PgPool,
    news: watch::Receiver<()>,
}

impl PostgresSource {
    /// Returns the log in the database at `url` (`postgres://user:password@host:port/database?options`). It connects
    /// only when needed: the server may come up later.
    ///
    /// # Errors
    /// [`FeedError::Source`] if it is not such a URL.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn connect(url: &str) -> Result<Self, FeedError> {
        let options = PgConnectOptions::from_str(url).map_err(|error| FeedError::Source {
            what: "an event log in PostgreSQL".to_owned(),
            source: error.into(),
        })?;
        Ok(Self::from_pool(PgPoolOptions::new().acquire_timeout(CONNECT_WITHIN).connect_lazy_with(options)))
    }

    /// Returns the log in the database of `pool`. The listening connection is not one of the pool's.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn from_pool(pool: PgPool) -> Self {
        let news = listen::listen((*pool.connect_options()).clone());
        Self { pool, news }
    }

    async fn wait_for_events(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        let end = Instant::now() + wait.min(MAX_WAIT);
        let mut news = self.news.clone();
        loop {
            // Before the query, so that anything newer ends the wait.
            news.mark_unchanged();
            let events = self.events(after, limit).await?;
            let left = end.saturating_duration_since(Instant::now());
            if !events.is_empty() || left.is_zero() {
                return Ok(events);
            }
            let _ = timeout(left.min(ASK_AGAIN), changed(&mut news)).await;
        }
    }

    async fn events(&self, after: Position, limit: u16) -> Result<Vec<FeedEvent>, FeedError> {
        let limit = i64::from(limit.clamp(1, MAX_LIMIT));
        self.within_time(Box::pin(self.read_some(after, limit))).await
    }

    /// Reads events until there are enough, in number or in bytes; at least one, if there is one.
    async fn read_some(&self, after: Position, limit: i64) -> Result<Vec<FeedEvent>, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let (mut events, mut bytes) = (Vec::new(), 0);
        let mut rows =
            sqlx::query_as::<_, (Position, String, String)>(READ).bind(after).bind(limit).fetch(&mut *connection);
        while let Some((position, logid, envelope)) = rows.try_next().await? {
            bytes += envelope.len();
            if bytes > MOST_BYTES && !events.is_empty() {
                drop(rows);
                // Otherwise the next user of the connection would have to read all the rest.
                connection.close_on_drop();
                break;
            }
            events.push(event(position, logid, &envelope));
        }
        Ok(events)
    }

    async fn within_time<T>(&self, query: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, FeedError> {
        match timeout(ANSWER_WITHIN, query).await {
            Ok(answer) => answer.map_err(|error| self.error(error)),
            Err(elapsed) => Err(self.error(elapsed)),
        }
    }

    fn error(&self, source: impl Error + Send + Sync + 'static) -> FeedError {
        let options = self.pool.connect_options();
        let server = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        FeedError::Source { what: format!("the event log in PostgreSQL {server}/{database}"), source: source.into() }
    }
}

impl EventSource for PostgresSource {
    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        self.wait_for_events(after, limit, wait).await
    }

    async fn head(&self) -> Result<Position, FeedError> {
        self.within_time(sqlx::query_scalar(HEAD).fetch_one(&self.pool)).await
    }
}

fn event(position: Position, logid: String, envelope: &str) -> FeedEvent {
    match serde_json::from_str::<CloudEvent>(envelope) {
        Ok(event) => FeedEvent::Event(Box::new(event)),
        Err(error) => {
            let envelope = serde_json::from_str::<serde_json::Value>(envelope).unwrap_or_default();
            let kind = envelope.get("type").and_then(|kind| kind.as_str()).map(str::to_owned);
            FeedEvent::Malformed { position, logid: Some(logid), kind, reason: error.to_string() }
        }
    }
}

/// Waits for ever if nobody listens any more: the wait also polls.
async fn changed(news: &mut watch::Receiver<()>) {
    if news.changed().await.is_err() {
        std::future::pending().await
    }
}
