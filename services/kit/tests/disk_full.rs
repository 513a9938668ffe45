//! Transactions that SQLite ends by itself: whatever is committed later must be there.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use service_kit::{Database, DatabaseUrl, EventLogMigration};

/// Number of connections of the pool, which uses them in turn.
const CONNECTIONS: usize = 10;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(EventLogMigration)]
    }
}

/// Fills the database up to the page limit of the connection: for SQLite that is a full disk.
async fn write_on_a_full_disk(database: &Database) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    transaction.execute_unprepared("PRAGMA max_page_count = 1").await?;
    transaction.execute_unprepared("INSERT INTO note VALUES (hex(randomblob(1000000)))").await?;
    transaction.commit().await
}

/// Writes while SQLite is told to stop: an interrupt.
async fn write_interrupted(database: &Database) -> Result<(), DbErr> {
    let stop = Arc::new(AtomicBool::new(false));
    make_interruptible(database, &stop).await;
    let transaction = database.begin().await?;
    stop.store(true, SeqCst);
    let written = transaction.execute_unprepared("INSERT INTO note VALUES (hex(randomblob(1000000)))").await;
    stop.store(false, SeqCst);
    written?;
    transaction.commit().await
}

/// Writes in a transaction that SQLite has ended for some reason: an input/output error, a lack of memory.
async fn write_in_an_ended_transaction(database: &Database) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    transaction.execute_unprepared("ROLLBACK").await?;
    transaction.commit().await
}

/// Writes, then changes its mind: a refused command.
async fn refuse(database: &Database) {
    let transaction = database.begin().await.unwrap();
    // The operator has made room.
    transaction.execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
    transaction.execute_unprepared("INSERT INTO note VALUES ('refused')").await.unwrap();
}

async fn open(url: &DatabaseUrl) -> Database {
    let database = Database::open::<Migrator>(url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    transaction.execute_unprepared("CREATE TABLE note (text TEXT NOT NULL)").await.unwrap();
    transaction.commit().await.unwrap();
    database
}

/// Makes `stop` interrupt every connection of the pool.
async fn make_interruptible(database: &Database, stop: &Arc<AtomicBool>) {
    let pool = database.reader().get_sqlite_connection_pool();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = pool.acquire().await.unwrap();
        let stop = Arc::clone(stop);
        connection.lock_handle().await.unwrap().set_progress_handler(1, move || !stop.load(SeqCst));
        connections.push(connection);
    }
}

async fn texts(url: &DatabaseUrl) -> String {
    let another = Database::open::<Migrator>(url).await.unwrap();
    let rows = another.reader().query_all_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Sqlite,
        "SELECT text FROM note ORDER BY rowid",
    ));
    rows.await.unwrap().iter().map(|row| row.try_get::<String>("", "text").unwrap()).collect()
}

#[tokio::test]
async fn a_commit_after_sqlite_has_ended_a_transaction_is_there_for_others() {
    for kind in ["full", "interrupted", "no transaction is active"] {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&folder.path().join("test.db"), "TEST_DATABASE_URL");
        let database = open(&url).await;
        for _ in 0..CONNECTIONS {
            let written = match kind {
                "full" => write_on_a_full_disk(&database).await,
                "interrupted" => write_interrupted(&database).await,
                _ => write_in_an_ended_transaction(&database).await,
            };
            let error = written.unwrap_err().to_string();
            assert!(error.contains(kind), "{kind}: {error}");
        }
        for _ in 0..CONNECTIONS {
            refuse(&database).await;
        }
        for number in 0..CONNECTIONS {
            let transaction = database.begin().await.unwrap();
            transaction.execute_unprepared(&format!("INSERT INTO note VALUES ('{number}')")).await.unwrap();
            transaction.commit().await.unwrap();
        }
        assert_eq!(texts(&url).await, "0123456789", "{kind}");
    }
}
