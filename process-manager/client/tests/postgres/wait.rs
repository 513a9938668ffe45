//! A read waits for the first event, and no longer.

use std::time::{Duration, Instant};

use process_manager_client::feed::{EventSource, postgres::PostgresSource};
use process_manager_wire::Position;
use sqlx::PgPool;
use test_support::eventually;

use super::{insert, log, read};

/// Well below the second after which a wait asks again by itself.
const AT_ONCE: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_the_commit_of_the_first_event_also_after_the_listening_connection_was_lost() {
    let Some((_server, pool, source)) = log("wait").await else { return };
    let mut head = await_some_at_once(&pool, &source, 0).await;
    let ended =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'LISTEN \"process_event\"'";
    assert_eq!(sqlx::query_scalar::<_, i64>(ended).fetch_one(&pool).await.unwrap(), 1);
    head = await_some_at_once(&pool, &source, head).await;
    assert_eq!(source.head().await.unwrap(), head);
}

/// Inserts events, one during each wait, until several in a row have ended their waits at once.
async fn await_some_at_once(pool: &PgPool, source: &PostgresSource, mut head: Position) -> Position {
    let (mut in_a_row, mut rounds) = (0, 0);
    eventually("waits end at once, five in a row", async || {
        let mut transaction = pool.begin().await.unwrap();
        insert(&mut *transaction, "one").await.unwrap();
        let commit = async {
            assert!(read(source, head).await.is_empty(), "an event is not readable before its commit");
            transaction.commit().await.unwrap();
            Instant::now()
        };
        let (events, committed) = tokio::join!(source.read(head, 10, LONG), commit);
        let (events, took) = (events.unwrap(), committed.elapsed());
        assert_eq!(events.len(), 1);
        head = events[0].position();
        in_a_row = if took < AT_ONCE { in_a_row + 1 } else { 0 };
        rounds += 1;
        if in_a_row < 5 { Err((rounds, took)) } else { Ok(()) }
    })
    .await;
    head
}

#[tokio::test]
async fn a_wait_without_events_ends_in_time_and_empty() {
    let Some((_server, pool, source)) = log("empty wait").await else { return };
    assert_eq!(source.head().await.unwrap(), 0);
    insert(&pool, "one").await.unwrap();
    let (begun, wait) = (Instant::now(), Duration::from_millis(1300));
    assert_eq!(source.read(1, 10, wait).await.unwrap(), []);
    assert!(begun.elapsed() >= wait);
    assert_eq!(source.read(0, 0, LONG).await.unwrap().len(), 1, "a limit of 0 is brought within 1 to 1000");
}
