//! A PostgreSQL that ends a connection within a transaction, or whose answer to a commit is lost.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod bells;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use service_kit::{Database, DatabaseUrl, EventLogMigration};
use service_testing::Running;
use test_support::PostgresServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use bells::{Bells, send};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(EventLogMigration)]
    }
}

async fn number(connection: &impl ConnectionTrait, sql: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "number").unwrap()
}

#[tokio::test]
async fn a_commit_after_connections_were_ended_is_kept_and_nothing_of_theirs() {
    let Some(server) = PostgresServer::shared("connections that the server ends") else { return };
    let url = DatabaseUrl::new(server.create_database(), "TEST_DATABASE_URL");
    let database = Database::open::<Migrator>(&url).await.unwrap();
    let another = Database::open::<Migrator>(&url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    transaction.execute_unprepared("CREATE TABLE note (text TEXT NOT NULL)").await.unwrap();
    transaction.commit().await.unwrap();

    // Once for each connection that the pool may have.
    for round in 0..10 {
        let transaction = database.begin().await.unwrap();
        transaction.execute_unprepared("INSERT INTO note VALUES ('ended')").await.unwrap();
        let pid = number(&*transaction, "SELECT pg_backend_pid()::bigint AS number").await;
        let end = format!("SELECT pg_terminate_backend({pid}, 60000)::int::bigint AS number");
        assert_eq!(number(another.reader(), &end).await, 1);
        if round % 2 == 0 {
            assert!(transaction.execute_unprepared("INSERT INTO note VALUES ('ended')").await.is_err());
        }
        assert!(transaction.commit().await.is_err());
    }
    for number in 0..10 {
        let transaction = database.begin().await.unwrap();
        transaction.execute_unprepared(&format!("INSERT INTO note VALUES ('{number}')")).await.unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!(number(another.reader(), "SELECT count(*) AS number FROM note").await, 10);
}

#[tokio::test]
async fn waiting_for_a_lock_and_a_statement_end_before_the_callers_give_up() {
    let Some(server) = PostgresServer::shared("limits of PostgreSQL's waiting") else { return };
    let url = DatabaseUrl::new(server.create_database(), "TEST_DATABASE_URL");
    let database = Database::open::<Migrator>(&url).await.unwrap();
    let milliseconds = |name: &str| format!("SELECT setting::bigint AS number FROM pg_settings WHERE name = '{name}'");
    assert_eq!(number(database.reader(), &milliseconds("lock_timeout")).await, 4_000);
    assert_eq!(number(database.reader(), &milliseconds("statement_timeout")).await, 8_000);
}

/// How the answer to a COMMIT is lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// The connection ends.
    Closed,
    /// No more bytes arrive.
    Silent,
}

/// Stands between a service and PostgreSQL, and on request loses the answer to a COMMIT.
async fn losing_commits(url: &str, lose: Arc<AtomicBool>, how: Lost) -> String {
    let parsed = url::Url::parse(url).unwrap();
    let port = parsed.port().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let through = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(pass_on(client, port, Arc::clone(&lose), how));
        }
    });
    url.replace(&format!(":{port}/"), &format!(":{through}/"))
}

async fn pass_on(mut client: TcpStream, port: u16, lose: Arc<AtomicBool>, how: Lost) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut is_lost = false;
    loop {
        tokio::select! {
            Ok(length @ 1..) = client.read(&mut asked) => {
                is_lost = lose.load(SeqCst) && asked[..length].windows(6).any(|part| part == b"COMMIT");
                server.write_all(&asked[..length]).await.unwrap();
            }
            Ok(length @ 1..) = server.read(&mut answered) => {
                // The server has committed, because it has answered.
                if is_lost && how == Lost::Silent {
                    std::future::pending::<()>().await;
                }
                if is_lost || client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_not_called_undone_and_the_same_key_tells() {
    let Some(server) = PostgresServer::shared("a lost answer to a commit") else { return };
    for how in [Lost::Closed, Lost::Silent] {
        let lose = Arc::new(AtomicBool::new(false));
        let url = losing_commits(&server.create_database(), Arc::clone(&lose), how).await;
        let bells = Running::start(Bells, &DatabaseUrl::new(url, "TEST_DATABASE_URL")).await;
        let client = &bells.client;
        lose.store(true, SeqCst);
        assert_eq!(send(client, "k", "once").await.outcome(), (504, "outcome-unknown"));
        lose.store(false, SeqCst);
        assert_eq!(send(client, "k", "once").await.status, 200);
        assert_eq!(client.events().await.len(), 1);
    }
}
