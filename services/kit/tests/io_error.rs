//! A disk that accepts nothing more for a moment. The limit applies to the whole process, so this file has only one
//! test.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod bells;

use std::{fs, path::Path};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use service_kit::{Database, DatabaseUrl};
use service_testing::Running;
use test_support::eventually;
use tokio::signal::unix::{SignalKind, signal};

use bells::{Bells, send};

struct Nothing;

impl MigratorTrait for Nothing {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }

    fn migration_table_name() -> sea_orm::DynIden {
        "other_migrations".into()
    }
}

/// Prevents files from growing beyond the current size of the database's log, or lifts that limit.
fn limit(folder: &Path, on: bool) {
    let all = getrlimit(Resource::Fsize);
    let current = if on { Some(fs::metadata(folder.join("bells.db-wal")).unwrap().len()) } else { all.maximum };
    setrlimit(Resource::Fsize, Rlimit { current, maximum: all.maximum }).unwrap();
}

#[tokio::test]
async fn while_the_disk_takes_nothing_readiness_says_so_and_what_is_answered_afterwards_is_kept() {
    // With a listener the signal does not end the program; a write beyond the limit is then an error.
    let _beyond_the_limit = signal(SignalKind::from_raw(25)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite_file(&folder.path().join("bells.db"), "TEST_DATABASE_URL");
    let bells = Running::start(Bells, &url).await;
    let client = &bells.client;
    assert_eq!(send(client, "before", "once").await.status, 200);

    limit(folder.path(), true);
    let mut refused = Vec::new();
    for key in 0..5 {
        refused.push(send(client, &format!("full-{key}"), "once").await);
    }
    let ready = client.get("/readyz").await;
    limit(folder.path(), false);
    for answer in refused {
        assert!(matches!(answer.outcome(), (503, "database-unavailable") | (504, "outcome-unknown")), "{answer:?}");
    }
    assert_eq!(ready.outcome(), (503, "not-ready"), "{ready:?}");

    for key in 0..6 {
        assert_eq!(send(client, &format!("refused-{key}"), "never").await.outcome(), (409, "cracked"));
    }
    for key in 0..10 {
        assert_eq!(send(client, &format!("after-{key}"), "once").await.status, 200);
    }
    eventually("it is ready again", async || {
        let answer = client.get("/readyz").await;
        if answer.status == 200 { Ok(()) } else { Err(answer.body) }
    })
    .await;
    let another = Database::open::<Nothing>(&url).await.unwrap();
    let count = Statement::from_string(DbBackend::Sqlite, "SELECT count(*) AS count FROM events");
    let count: i64 = another.reader().query_one_raw(count).await.unwrap().unwrap().try_get("", "count").unwrap();
    let unknown = client.events().await.len();
    assert_eq!(usize::try_from(count).unwrap(), unknown, "another program sees what the service shows");
    assert!((11..=16).contains(&unknown), "{unknown}");
}
