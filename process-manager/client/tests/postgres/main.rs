//! A PostgreSQL table as a source of events, on a real server.
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod envelope;
mod faults;
mod order;
mod schema;
mod size;
mod wait;

use std::time::Duration;

use process_manager_client::feed::{
    EventSource, FeedEvent,
    postgres::{PostgresSource, SCHEMA},
};
use process_manager_wire::{CloudEvent, Position};
use sqlx::{Executor, PgPool, Postgres};
use test_support::PostgresServer;

/// Returns an empty log on a server of its own; `None` if PostgreSQL is not installed.
async fn log(test: &str) -> Option<(PostgresServer, PgPool, PostgresSource)> {
    let server = PostgresServer::start(test)?;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
    let source = PostgresSource::connect(&server.url()).unwrap();
    Some((server, pool, source))
}

async fn insert<'c>(executor: impl Executor<'c, Database = Postgres>, subject: &str) -> Result<(), sqlx::Error> {
    let statement = "INSERT INTO process_event (source, type, subject, data) VALUES ('/shop', 'Placed', $1, '{}')";
    sqlx::query(statement).bind(subject).execute(executor).await.map(drop)
}

/// Reads the events that are in the log now.
async fn read(source: &PostgresSource, after: Position) -> Vec<FeedEvent> {
    source.read(after, 1000, Duration::ZERO).await.unwrap()
}

fn good(event: &FeedEvent) -> &CloudEvent {
    match event {
        FeedEvent::Event(event) => event,
        FeedEvent::Malformed { .. } => panic!("{event:?}"),
    }
}
