//! An answer is limited, however large the events are.

use sqlx::PgPool;

use super::{log, read};

#[tokio::test]
async fn a_read_ends_before_more_than_64_mib_and_the_next_one_goes_on() {
    let Some((_server, pool, source)) = log("size").await else { return };
    insert(&pool, 1024 * 1024, 70).await;
    let (mut at, mut counts) = (0, Vec::new());
    while at < 70 {
        let events = read(&source, at).await;
        at = events.last().unwrap().position();
        counts.push(events.len());
    }
    assert_eq!(counts, [63, 7], "the envelopes count as well");
    // One event is never too large.
    insert(&pool, 65 * 1024 * 1024, 1).await;
    assert_eq!(read(&source, 70).await.len(), 1);
}

/// Inserts events with this many bytes of data.
async fn insert(pool: &PgPool, bytes: i32, events: i32) {
    let statement = "INSERT INTO process_event (source, type, subject, data) \
        SELECT '/shop', 'Placed', number::text, json_build_object('text', repeat('x', $1)) \
        FROM generate_series(1, $2) AS number";
    sqlx::query(statement).bind(bytes).bind(events).execute(pool).await.unwrap();
}
