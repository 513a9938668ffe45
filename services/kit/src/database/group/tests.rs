use std::sync::atomic::AtomicBool;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::post,
};
use futures::poll;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};
use tower::ServiceExt;

use super::*;
use crate::{
    Answer, ApiError, Command, Database, DatabaseUrl,
    database::{Transaction, open::CONNECTIONS},
    problem,
};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }
}

/// A file in which notes are stored. Its commits are counted, and can be made to fail.
struct Notes {
    database: Database,
    commits: Arc<AtomicUsize>,
    fail: Arc<AtomicBool>,
    /// While this is locked, no commit goes on.
    gate: Arc<Mutex<()>>,
    _folder: TempDir,
}

impl Notes {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&folder.path().join("test.db"), "TEST_DATABASE_URL");
        let mut database = Database::open::<Migrator>(&url).await.unwrap();
        // Nothing depends on the speed of the machine.
        database.writer.as_mut().unwrap().longest = Duration::from_secs(3_600);
        let transaction = database.begin().await.unwrap();
        transaction.execute_unprepared("CREATE TABLE note (text TEXT NOT NULL)").await.unwrap();
        transaction.commit().await.unwrap();
        let notes =
            Self { database, commits: Arc::default(), fail: Arc::default(), gate: Arc::default(), _folder: folder };
        notes.watch_commits().await;
        notes
    }

    async fn watch_commits(&self) {
        let pool = self.database.reader().get_sqlite_connection_pool();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = pool.acquire().await.unwrap();
            let (commits, fail, gate) = (Arc::clone(&self.commits), Arc::clone(&self.fail), Arc::clone(&self.gate));
            connection.lock_handle().await.unwrap().set_commit_hook(move || {
                commits.fetch_add(1, SeqCst);
                drop(gate.blocking_lock());
                !fail.load(SeqCst)
            });
            connections.push(connection);
        }
    }

    async fn begin(&self, text: &str) -> Transaction {
        let transaction = self.database.begin_command().await.unwrap();
        transaction.execute_unprepared(&format!("INSERT INTO note VALUES ('{text}')")).await.unwrap();
        transaction
    }

    /// Runs a command that waits for its turn and then does this.
    async fn waits<F: Future + Send>(
        &self,
        then: impl FnOnce(Transaction) -> F + Send + 'static,
    ) -> JoinHandle<F::Output>
    where
        F::Output: Send + 'static,
    {
        let (database, before) = (self.database.clone(), self.waiting());
        let waits = tokio::spawn(async move { then(database.begin_command().await.unwrap()).await });
        self.until_waiting(before + 1).await;
        waits
    }

    fn waiting(&self) -> usize {
        self.database.writer.as_ref().unwrap().waiting.load(SeqCst)
    }

    async fn until_waiting(&self, count: usize) {
        while self.waiting() != count {
            yield_now().await;
        }
    }

    /// Returns what can be read outside the transaction.
    async fn texts(&self) -> String {
        let select = Statement::from_string(DbBackend::Sqlite, "SELECT text FROM note ORDER BY rowid");
        let rows = self.database.reader().query_all_raw(select).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "text").unwrap()).collect()
    }
}

async fn note(transaction: Transaction, text: &str) -> Result<(), DbErr> {
    transaction.execute_unprepared(&format!("INSERT INTO note VALUES ('{text}')")).await?;
    transaction.commit().await
}

#[tokio::test]
async fn commands_that_wait_are_committed_together() {
    let notes = Notes::open().await;
    let first = notes.begin("0").await;
    let mut others = Vec::new();
    for number in 1..10 {
        others.push(notes.waits(async move |it| note(it, &number.to_string()).await).await);
    }
    first.commit().await.unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!((notes.texts().await.as_str(), notes.commits.load(SeqCst)), ("0123456789", 1));
    // A lone command waits for nobody.
    notes.begin("a").await.commit().await.unwrap();
    assert_eq!((notes.texts().await.as_str(), notes.commits.load(SeqCst)), ("0123456789a", 2));
}

#[tokio::test]
async fn what_a_command_undoes_is_its_own() {
    let notes = Notes::open().await;
    let first = notes.begin("a").await;
    let undone = notes.waits(async |it| {
        it.execute_unprepared("INSERT INTO note VALUES ('b')").await.unwrap();
        drop(it);
    });
    let undone = undone.await;
    let last = notes.waits(async |it| note(it, "c").await).await;
    first.commit().await.unwrap();
    undone.await.unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(notes.texts().await, "ac");
}

#[tokio::test]
async fn a_commit_that_fails_fails_for_all_that_have_seen_it() {
    let notes = Notes::open().await;
    let first = notes.begin("a").await;
    let second = notes.waits(async |it| note(it, "b").await).await;
    let refused = notes.waits(async |it| it.end().await).await;
    notes.fail.store(true, SeqCst);
    let told = [first.commit().await, second.await.unwrap(), refused.await.unwrap()];
    assert!(told.iter().all(Result::is_err), "{told:?}");
    assert_eq!(notes.texts().await, "");
    notes.fail.store(false, SeqCst);
    notes.begin("c").await.commit().await.unwrap();
    assert_eq!(notes.texts().await, "c");
}

#[tokio::test]
async fn what_a_refused_command_has_seen_is_committed_before_its_answer() {
    let notes = Notes::open().await;
    let first = notes.begin("a").await;
    let refused = notes.waits(async |it| it.end().await).await;
    // Nobody asks for its outcome.
    let first = tokio::spawn(first.commit());
    refused.await.unwrap().unwrap();
    assert_eq!(notes.texts().await, "a");
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_refusal_that_rests_on_a_commit_that_failed_is_not_told() {
    async fn refuse(command: Command<serde_json::Value>) -> Result<Answer<serde_json::Value>, ApiError> {
        command.run("refuse", async |_, _| Err(problem(StatusCode::CONFLICT, "no", "it is so"))).await
    }

    for (fails, status) in [(false, StatusCode::CONFLICT), (true, StatusCode::SERVICE_UNAVAILABLE)] {
        let notes = Notes::open().await;
        let first = notes.begin("a").await;
        let app: Router = Router::new().route("/", post(refuse)).with_state(notes.database.clone());
        let request = Request::post("/").header("content-type", "application/json").body(Body::from("{}")).unwrap();
        let answered = tokio::spawn(app.oneshot(request));
        notes.until_waiting(1).await;
        notes.fail.store(fails, SeqCst);
        assert_eq!(first.commit().await.is_err(), fails);
        assert_eq!(answered.await.unwrap().unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_transaction_that_sqlite_has_ended_fails_for_all_and_for_none_after_it() {
    let notes = Notes::open().await;
    let first = notes.begin("a").await;
    let ends_it = notes.waits(async |it| {
        it.execute_unprepared("INSERT INTO note VALUES ('b')").await.unwrap();
        it.execute_unprepared("ROLLBACK").await.unwrap();
        drop(it);
    });
    let ends_it = ends_it.await;
    assert!(first.commit().await.is_err());
    ends_it.await.unwrap();
    assert_eq!(notes.texts().await, "");
    for number in 0..CONNECTIONS {
        notes.begin(&number.to_string()).await.commit().await.unwrap();
    }
    assert_eq!(notes.texts().await, "0123456789");
}

#[tokio::test]
async fn a_command_that_goes_away_while_it_waits_leaves_nothing_open() {
    let notes = Notes::open().await;
    let writer = notes.database.writer.clone().unwrap();
    let first = notes.begin("a").await;
    let between = tokio::spawn(Arc::clone(&writer.slot).lock_owned());
    yield_now().await;
    let gone = notes.waits(async |it| it.commit().await).await;
    let first = tokio::spawn(first.commit());
    let between = between.await.unwrap();
    assert!(between.is_some(), "it was left open");
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(between);
    first.await.unwrap().unwrap();
    assert_eq!(notes.texts().await, "a");
}

#[tokio::test]
async fn a_transaction_that_is_no_command_is_alone() {
    let notes = Notes::open().await;
    let first = notes.begin("a").await;
    let database = notes.database.clone();
    let alone = tokio::spawn(async move { database.begin().await.unwrap() });
    yield_now().await;
    let last = notes.waits(async |it| note(it, "c").await).await;
    first.commit().await.unwrap();
    let alone = alone.await.unwrap();
    assert_eq!(notes.texts().await, "a");
    note(alone, "b").await.unwrap();
    last.await.unwrap().unwrap();
    assert_eq!((notes.texts().await.as_str(), notes.commits.load(SeqCst)), ("abc", 3));
}

#[tokio::test]
async fn a_writer_that_gives_up_waiting_leaves_the_commit_of_the_commands_before_it_alone() {
    let notes = Notes::open().await;
    let first = notes.begin("a").await;
    let mut writer = Box::pin(notes.database.begin());
    assert!(poll!(&mut writer).is_pending());
    let second = notes.waits(async move |it| note(it, "b").await).await;
    let gate = notes.gate.lock().await;
    let first = tokio::spawn(first.commit());
    while notes.commits.load(SeqCst) == 0 {
        assert!(poll!(&mut writer).is_pending());
        yield_now().await;
    }
    drop(writer);
    drop(gate);
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(notes.texts().await, "ab");
}
