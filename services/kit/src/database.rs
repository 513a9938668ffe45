//! The database of a service: SQLite or PostgreSQL by URL, migrated at the start, written in short transactions.

mod error;
mod open;
mod transaction;
mod url;

use std::sync::Arc;

use messages::Position;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::{Mutex, watch};

pub use self::{open::OpenError, transaction::Transaction, url::DatabaseUrl};

/// A service's database. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    connection: DatabaseConnection,
    /// SQLite has one writer at a time. Waiting for it here is fair; SQLite's own waiting starves some.
    writer: Option<Arc<Mutex<()>>>,
    /// Position of the last event that this process has committed; it wakes the readers that wait.
    heads: watch::Sender<Position>,
}

impl Database {
    /// For reading: outside of a transaction each statement sees what is committed.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.connection.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Ends when this process commits events. Other processes' commits do not show here.
    pub(crate) fn heads(&self) -> watch::Receiver<Position> {
        self.heads.subscribe()
    }
}
