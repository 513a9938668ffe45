//! A database that another program has locked: answers arrive in time, and say what was not done.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

mod bells;

use std::time::Duration;

use futures::future::join_all;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use service_kit::{Database, DatabaseUrl, Transaction};
use service_testing::{Client, Running};
use tempfile::TempDir;
use test_support::eventually;
use tokio::{io::AsyncWriteExt, net::TcpStream};

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

struct Locked {
    bells: Running,
    /// Another program.
    other: Database,
    _folder: TempDir,
}

impl Locked {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&folder.path().join("bells.db"), "TEST_DATABASE_URL");
        let bells = Running::start(Bells, &url).await;
        let other = Database::open::<Nothing>(&url).await.unwrap();
        Self { bells, other, _folder: folder }
    }

    async fn lock(&self) -> Transaction {
        self.other.begin().await.unwrap()
    }
}

#[tokio::test]
async fn readiness_says_that_nothing_can_be_written_and_recovers() {
    let locked = Locked::new().await;
    let client = &locked.bells.client;
    assert_eq!(client.get("/readyz").await.status, 200);
    let lock = locked.lock().await;
    // A failed command makes readiness check at once; otherwise it does so every five seconds.
    assert_eq!(send(client, "k", "once").await.outcome(), (503, "database-unavailable"));
    let answer = client.get("/readyz").await;
    assert_eq!(answer.outcome(), (503, "not-ready"));
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.starts_with("the database takes no writes: "), "{detail}");
    assert_eq!(client.get("/livez").await.status, 200);
    drop(lock);
    eventually("it is ready again", async || {
        let answer = client.get("/readyz").await;
        if answer.status == 200 { Ok(()) } else { Err(answer.body) }
    })
    .await;
    assert_eq!(send(client, "k", "once").await.status, 200);
    assert_eq!(client.events().await.len(), 1);
}

#[tokio::test]
async fn twenty_writers_wait_together_and_not_one_after_the_other() {
    let locked = Locked::new().await;
    let lock = locked.lock().await;
    let client = &locked.bells.client;
    let commands = (0..20).map(|key| async move { send(client, &key.to_string(), "once").await });
    // One after the other, each with SQLite's own wait, they would need 80 s.
    let answers = tokio::time::timeout(Duration::from_secs(75), join_all(commands)).await.unwrap();
    for answer in answers {
        assert_eq!(answer.outcome(), (503, "database-unavailable"));
        assert!(answer.headers.contains_key("retry-after"));
    }
    drop(lock);
    assert_eq!(send(client, "later", "once").await.status, 200);
    assert_eq!(client.events().await.len(), 1, "nothing was done of what was answered 503");
}

/// Returns how many commands ended with this status; 499 stands for those whose clients gave up.
async fn ended(client: &Client, status: u16) -> usize {
    let metrics = client.get("/metrics").await.body;
    let of_commands = format!(r#"route="/commands/ring-bell",status="{status}"}} "#);
    let counted = metrics.as_str().unwrap().lines().find_map(|line| line.split_once(&of_commands));
    counted.map_or(0, |(_, count)| count.parse().unwrap())
}

#[tokio::test]
async fn the_work_of_a_client_that_has_gone_is_not_begun() {
    let locked = Locked::new().await;
    let client = locked.bells.client.clone();
    let lock = locked.lock().await;
    let mut sent = 0;
    eventually("all commands have ended, some of them because their clients had gone", async || {
        let (gone, refused) = (ended(&client, 499).await, ended(&client, 503).await);
        if gone > 0 && gone + refused == sent {
            return Ok(());
        }
        if gone == 0 {
            let command = "POST /commands/ring-bell HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                           Content-Length: 15\r\n\r\n{\"ring\":\"once\"}";
            let mut stream = TcpStream::connect(client.addr()).await.unwrap();
            stream.write_all(command.as_bytes()).await.unwrap();
            sent += 1;
        }
        Err((sent, gone, refused))
    })
    .await;
    drop(lock);
    assert_eq!(send(&client, "later", "never-but-recorded").await.outcome(), (409, "cracked"));
    let events = client.events().await;
    let rings: Vec<_> = events.iter().map(|event| event["data"]["ring"].as_str().unwrap()).collect();
    assert_eq!(rings, ["never-but-recorded"]);
}
