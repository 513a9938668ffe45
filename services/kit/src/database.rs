//! The database of a service: SQLite or PostgreSQL by URL, migrated at the start and written in short transactions.

mod error;
mod group;
mod open;
mod transaction;
mod url;
mod write_check;
mod writing;

use std::sync::Arc;

use axum::http::StatusCode;
use process_manager_wire::{Position, code};
use sea_orm::DatabaseConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::{group::Writer, writing::Writing};
use crate::{ApiError, RETRY_AFTER, problem};

pub(crate) use self::{
    error::{of_commit, unconfirmed},
    write_check::WriteCheckMigration,
};
pub use self::{open::OpenError, transaction::Transaction, url::DatabaseUrl};

/// A service's database. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    connection: DatabaseConnection,
    /// SQLite's one writer at a time.
    writer: Option<Writer>,
    /// Position of the last event that this process has committed. A change wakes waiting readers.
    heads: watch::Sender<Position>,
    /// Room for commands that wait or run.
    commands: Arc<Semaphore>,
    writing: Arc<Writing>,
}

/// Maximum number of commands of one service that wait or run. On SQLite they take turns: more would wait longer than
/// their callers do.
const COMMANDS: usize = 100;

impl Database {
    /// Returns the connection for reading. Outside a transaction each statement sees what is committed.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Returns whether it is a SQLite file.
    pub(crate) fn is_file(&self) -> bool {
        self.writer.is_some()
    }

    /// Makes room for a command before any of its work begins.
    ///
    /// # Errors
    /// Returns 503 `overloaded` if so many commands already wait or run that this one would be too late.
    pub(crate) fn admit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.commands).try_acquire_owned().map_err(|_| {
            let detail = "so many commands are waiting that this one was not begun; try again";
            problem(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, detail).retry_after(RETRY_AFTER)
        })
    }

    /// Notifies when *this* process commits events; commits of other processes are not seen.
    pub(crate) fn heads(&self) -> watch::Receiver<Position> {
        self.heads.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::Request, routing::post};
    use sea_orm_migration::{MigrationTrait, MigratorTrait};
    use tower::ServiceExt;

    use super::*;
    use crate::{Answer, Command, Done, EventLogMigration, command::IdempotencyMigration};

    struct Migrator;

    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(EventLogMigration), Box::new(IdempotencyMigration)]
        }
    }

    async fn ring(command: Command<serde_json::Value>) -> Result<Answer<serde_json::Value>, ApiError> {
        command.run("ring", async |_, body| Ok(Done::ok(body))).await
    }

    #[tokio::test]
    async fn a_command_beyond_the_room_is_refused_before_anything_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&folder.path().join("test.db"), "TEST_DATABASE_URL");
        let database = Database::open::<Migrator>(&url).await.unwrap();
        let app: Router = Router::new().route("/", post(ring)).with_state(database.clone());
        let send = async || {
            let request = Request::post("/").header("content-type", "application/json").body(Body::from("{}")).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            let retry_after = response.headers().contains_key("retry-after");
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            (String::from_utf8(body.to_vec()).unwrap(), retry_after)
        };
        // Admission waits for nothing, not even for the previous writer.
        let writer = database.begin().await.unwrap();
        let room: Vec<_> = (0..COMMANDS).map(|_| database.admit().unwrap()).collect();
        let (body, retry_after) = send().await;
        assert!(body.contains(r#""code":"overloaded""#) && retry_after, "{body}");
        drop((room, writer));
        assert_eq!(send().await.0, "{}");
    }
}
