//! A disk that is full for a moment: SQLite ends the transaction by itself, and what is committed later must be there.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use service_kit::{Database, DatabaseUrl, EventLogMigration};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(EventLogMigration)]
    }
}

/// Fills the database up to the limit that the connection sets for its pages: for SQLite that is a full disk.
async fn write_on_a_full_disk(database: &Database) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    transaction.execute_unprepared("PRAGMA max_page_count = 1").await?;
    transaction.execute_unprepared("INSERT INTO note VALUES (hex(randomblob(1000000)))").await?;
    transaction.commit().await
}

/// Writes, and changes its mind: a refused command.
async fn refuse(database: &Database) {
    let transaction = database.begin().await.unwrap();
    // The operator has made room.
    transaction.execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
    transaction.execute_unprepared("INSERT INTO note VALUES ('refused')").await.unwrap();
}

#[tokio::test]
async fn what_is_committed_after_a_full_disk_is_there_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite_file(&folder.path().join("test.db"), "TEST_DATABASE_URL");
    let database = Database::open::<Migrator>(&url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    transaction.execute_unprepared("CREATE TABLE note (text TEXT NOT NULL)").await.unwrap();
    transaction.commit().await.unwrap();

    // The pool takes its connections in turn: as often as there may be connections.
    for _ in 0..10 {
        let error = write_on_a_full_disk(&database).await.unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
    }
    for _ in 0..10 {
        refuse(&database).await;
    }
    for number in 0..10 {
        let transaction = database.begin().await.unwrap();
        transaction.execute_unprepared(&format!("INSERT INTO note VALUES ('{number}')")).await.unwrap();
        transaction.commit().await.unwrap();
    }

    let another = Database::open::<Migrator>(&url).await.unwrap();
    let rows = another.reader().query_all_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Sqlite,
        "SELECT text FROM note ORDER BY rowid",
    ));
    let texts: Vec<String> = rows.await.unwrap().iter().map(|row| row.try_get("", "text").unwrap()).collect();
    assert_eq!(texts.concat(), "0123456789");
}
