//! The tables, and what they prevent writers from doing.

use futures::future::join_all;
use process_manager_client::feed::postgres::{PostgresSource, SCHEMA};
use sqlx::PgPool;
use test_support::within_a_stall;

use super::{good, insert, log, read};

#[tokio::test]
async fn the_schema_may_be_applied_again_at_any_time_by_several_at_once() {
    let Some((_server, pool, source)) = log("schema").await else { return };
    insert(&pool, "one").await.unwrap();
    let before = read(&source, 0).await;
    let mut writing = pool.begin().await.unwrap();
    insert(&mut *writing, "two").await.unwrap();
    apply_by_four(&pool).await;
    writing.commit().await.unwrap();
    assert_eq!(read(&source, 0).await[..1], before);
    assert_eq!(good(&read(&source, 0).await[1]).sequence, 2);

    sqlx::raw_sql("DROP TABLE process_event, process_event_log; DROP FUNCTION process_event_insert")
        .execute(&pool)
        .await
        .unwrap();
    apply_by_four(&pool).await;
    insert(&pool, "one").await.unwrap();
    assert_ne!(good(&read(&source, 0).await[0]).logid, good(&before[0]).logid);
}

async fn apply_by_four(pool: &PgPool) {
    let applied = join_all((0..4).map(|_| sqlx::raw_sql(SCHEMA).execute(pool)));
    let applied = within_a_stall("the schema is applied by four", applied).await;
    assert!(applied.iter().all(Result::is_ok), "{applied:?}");
}

#[tokio::test]
async fn the_url_says_which_schema_the_log_is_in() {
    let Some((server, pool, _source)) = log("search_path").await else { return };
    let other = format!("{}?options=-c%20search_path%3Dbilling", server.url());
    sqlx::raw_sql("CREATE SCHEMA billing").execute(&pool).await.unwrap();
    let billing = PgPool::connect(&other).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&billing).await.unwrap();
    insert(&pool, "public").await.unwrap();
    // A writer may have another search path.
    let qualified = "INSERT INTO billing.process_event (source, type, subject, data) VALUES ('/b', 'T', 'billed', '1')";
    sqlx::raw_sql(qualified).execute(&pool).await.unwrap();
    let events = read(&PostgresSource::connect(&other).unwrap(), 0).await;
    assert_eq!(
        events.iter().map(|event| (event.position(), good(event).subject.as_str())).collect::<Vec<_>>(),
        [(1, "billed")]
    );
}

#[tokio::test]
async fn a_writer_cannot_choose_a_position_leave_out_the_data_repeat_an_id_or_commit_without_waiting_for_the_disk() {
    let Some((_server, pool, source)) = log("writers").await else { return };
    let chosen = "INSERT INTO process_event (position, source, type, subject, data) VALUES (9, '/s', 'T', 's', '1')";
    let refused = sqlx::raw_sql(chosen).execute(&pool).await.unwrap_err();
    assert!(refused.to_string().contains("leave out the position"), "{refused}");

    let empty = "INSERT INTO process_event (source, type, subject, data) VALUES ('/s', 'T', 's', NULL)";
    let refused = sqlx::raw_sql(empty).execute(&pool).await.unwrap_err();
    assert!(refused.to_string().contains("\"data\""), "{refused}");

    let named = "INSERT INTO process_event (id, source, type, subject, data) VALUES ('e', '/s', 'T', 's', '1')";
    sqlx::raw_sql(named).execute(&pool).await.unwrap();
    let repeated = sqlx::raw_sql(named).execute(&pool).await.unwrap_err();
    assert!(repeated.as_database_error().unwrap().is_unique_violation(), "{repeated}");

    let mut transaction = pool.begin().await.unwrap();
    sqlx::raw_sql("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await.unwrap();
    insert(&mut *transaction, "two").await.unwrap();
    let setting: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(setting, "local");
    transaction.commit().await.unwrap();
    assert_eq!(read(&source, 0).await.len(), 2);
}
