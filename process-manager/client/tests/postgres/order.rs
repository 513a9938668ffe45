//! Positions rise in the order in which events become readable, with any number of writers.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use process_manager_client::feed::{EventSource, FeedPosition, FeedReader, postgres::PostgresSource};
use sqlx::PgPool;
use test_support::within_a_stall;
use uuid::Uuid;

use super::{good, insert, log};

const WRITERS: usize = 8;
const TRANSACTIONS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_every_committed_event_once_in_order_and_without_gaps_while_eight_writers_write() {
    let Some((_server, pool, source)) = log("order").await else { return };
    let written = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(follow(source.clone(), written.clone()));
    let committed = Mutex::new(BTreeSet::new());
    join_all((0..WRITERS).map(|writer| write(&pool, writer, &committed))).await;
    written.store(true, Ordering::SeqCst);
    let seen = within_a_stall("the reader comes to the end", reader).await.unwrap();

    assert_eq!(
        seen.iter().map(|(position, _)| *position).collect::<Vec<_>>(),
        (1..).take(seen.len()).collect::<Vec<_>>()
    );
    let subjects: BTreeSet<String> = seen.iter().map(|(_, subject)| subject.clone()).collect();
    assert_eq!(subjects.len(), seen.len(), "no event is read twice");
    assert_eq!(subjects, committed.into_inner().unwrap());
    assert_eq!(source.head().await.unwrap(), i64::try_from(seen.len()).unwrap());
}

/// Writes transactions of one to three events; a quarter are rolled back, and a quarter are rolled back to a savepoint.
async fn write(pool: &PgPool, writer: usize, committed: &Mutex<BTreeSet<String>>) {
    for number in 0..TRANSACTIONS {
        let chance = Uuid::now_v7().as_bytes()[15];
        let mut transaction = pool.begin().await.unwrap();
        let subjects: Vec<String> = (0..=chance % 3).map(|event| format!("{writer}-{number}-{event}")).collect();
        for subject in &subjects {
            insert(&mut *transaction, subject).await.unwrap();
        }
        if chance & 0b1_0000 != 0 {
            sqlx::raw_sql("SAVEPOINT here").execute(&mut *transaction).await.unwrap();
            insert(&mut *transaction, "never").await.unwrap();
            sqlx::raw_sql("ROLLBACK TO SAVEPOINT here").execute(&mut *transaction).await.unwrap();
        }
        if chance & 0b1100_0000 == 0 {
            transaction.rollback().await.unwrap();
        } else {
            transaction.commit().await.unwrap();
            committed.lock().unwrap().extend(subjects);
        }
    }
}

/// Reads on from position 0 until everything is written and nothing is left.
async fn follow(source: PostgresSource, written: Arc<AtomicBool>) -> Vec<(i64, String)> {
    let mut reader = FeedReader::new(source, FeedPosition::default());
    let mut seen = Vec::new();
    loop {
        let last = written.load(Ordering::SeqCst);
        let events = reader.next(7, Duration::from_millis(200)).await.unwrap();
        if last && events.is_empty() {
            return seen;
        }
        for event in events {
            let at = event.passed(reader.at());
            reader.advance_to(at);
            seen.push((event.position(), good(&event).subject.clone()));
        }
    }
}
