//! A server that is unavailable, and a log that is replaced.

use std::{error::Error, time::Duration};

use process_manager_client::feed::{EventSource, FeedError, FeedPosition, FeedReader, postgres::PostgresSource};
use sqlx::PgPool;
use test_support::{eventually, within_a_stall};

use super::{good, insert, log};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_a_fault_and_nothing_is_lost() {
    let Some((server, pool, source)) = log("restart").await else { return };
    insert(&pool, "before").await.unwrap();
    let mut reader = FeedReader::new(source.clone(), FeedPosition::default());
    advance(&mut reader, "before").await;

    let waiting = tokio::spawn({
        let source = source.clone();
        async move { source.read(1, 10, Duration::from_secs(30)).await }
    });
    server.stop();
    let fault = reader.next(10, Duration::ZERO).await.unwrap_err();
    assert!(matches!(&fault, FeedError::Source { .. }) && !fault.is_final() && fault.source().is_some(), "{fault:?}");
    assert!(fault.to_string().ends_with("/postgres cannot be read"), "{fault}");
    let waiting = within_a_stall("the end of the read", waiting).await.unwrap();
    assert!(matches!(waiting, Err(FeedError::Source { .. })), "{waiting:?}");

    server.start_again();
    insert(&PgPool::connect(&server.url()).await.unwrap(), "after").await.unwrap();
    advance(&mut reader, "after").await;
}

/// Reads on, despite faults, and expects only this event.
async fn advance(reader: &mut FeedReader, subject: &str) {
    let events = eventually(subject, async || match reader.next(10, Duration::from_secs(1)).await {
        Ok(events) if !events.is_empty() => Ok(events),
        other => Err(other),
    })
    .await;
    assert_eq!(events.iter().map(|event| good(event).subject.as_str()).collect::<Vec<_>>(), [subject]);
    let at = events[0].passed(reader.at());
    reader.advance_to(at);
}

#[tokio::test]
async fn another_log_or_a_shorter_one_stops_the_reader() {
    let Some((_server, pool, source)) = log("another log").await else { return };
    insert(&pool, "one").await.unwrap();
    insert(&pool, "two").await.unwrap();
    let mut reader = FeedReader::new(source.clone(), FeedPosition::default());
    let events = reader.next(10, Duration::ZERO).await.unwrap();
    let at = events[1].passed(reader.at());
    reader.advance_to(at.clone());
    assert_eq!(reader.next(10, Duration::ZERO).await.unwrap(), []);

    execute(&pool, "DELETE FROM process_event WHERE position = 2").await;
    let shorter = FeedReader::new(source.clone(), at.clone()).next(10, Duration::ZERO).await.unwrap_err();
    assert!(matches!(shorter, FeedError::Shorter { position: 2 }), "{shorter:?}");

    execute(&pool, "UPDATE process_event_log SET log_id = gen_random_uuid(), head = 1").await;
    insert(&pool, "another two").await.unwrap();
    let other = reader.next(10, Duration::ZERO).await.unwrap_err();
    assert!(matches!(&other, FeedError::OtherLog { expected, .. } if Some(expected) == at.logid.as_ref()), "{other:?}");

    execute(&pool, "DELETE FROM process_event_log").await;
    assert!(source.read(0, 10, Duration::ZERO).await.is_err(), "a log without its id is not taken for an empty one");
    assert!(insert(&pool, "three").await.is_err());
}

#[tokio::test]
async fn a_database_without_the_tables_is_a_fault_that_says_so() {
    let Some((_server, pool, source)) = log("without tables").await else { return };
    execute(&pool, "DROP TABLE process_event, process_event_log").await;
    for fault in [source.read(0, 10, Duration::ZERO).await.unwrap_err(), source.head().await.unwrap_err()] {
        let text = process_manager_wire::error_chain(&fault);
        assert!(text.contains("relation \"process_event\" does not exist"), "{text}");
    }
    assert!(matches!(PostgresSource::connect("nonsense"), Err(FeedError::Source { .. })));
}

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::raw_sql(statement).execute(pool).await.unwrap();
}
