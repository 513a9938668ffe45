//! The database of a service: SQLite or PostgreSQL by URL, migrated at the start and written in short transactions.

mod error;
mod open;
mod transaction;
mod url;

use std::sync::Arc;

use process_manager_wire::Position;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::{Mutex, watch};

pub use self::{open::OpenError, transaction::Transaction, url::DatabaseUrl};

/// A service's database. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    connection: DatabaseConnection,
    /// SQLite has one writer at a time. Waiting for it here is fair; SQLite's own waiting starves some writers.
    writer: Option<Arc<Mutex<()>>>,
    /// Position of the last event that this process has committed. A change wakes the readers that wait.
    heads: watch::Sender<Position>,
}

impl Database {
    /// Returns the connection for reading: outside of a transaction each statement sees what is committed.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.connection.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Notifies when *this* process commits events; commits of other processes are not seen.
    pub(crate) fn heads(&self) -> watch::Receiver<Position> {
        self.heads.subscribe()
    }
}
