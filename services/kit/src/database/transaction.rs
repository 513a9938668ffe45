//! Transactions that write.

use std::{ops::Deref, sync::Arc, time::Duration};

use process_manager_wire::Position;
use sea_orm::{
    DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait, error::ConnAcquireErr,
};
use tokio::{sync::watch, time::timeout};

use super::{Database, group::Turn, writing::Writing};

/// Time that a transaction waits to begin: for the writers before it, a connection and the lock of the file. Well below
/// the 10 s after which the process manager's client gives up.
pub(super) const BEGIN_WITHIN: Duration = Duration::from_secs(4);

/// A transaction that writes. Dropped without [`Transaction::commit`], it changes nothing.
///
/// On SQLite it holds the one write lock from its beginning, so it never waits for a lock halfway; commands that wait
/// for it are committed together. On PostgreSQL the row locks are taken in one order in each service: the
/// idempotency key first, then the service's own rows in the order that its store names, the head of the event log last.
#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    /// The log's head, if events were appended.
    pub(crate) head: Option<Position>,
    heads: watch::Sender<Position>,
    writing: Arc<Writing>,
    // The last field, so that the turn ends after the transaction.
    turn: Option<Turn>,
}

impl Database {
    /// Begins a transaction that writes. It waits for at most 4 s.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or is busy.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let turn = async {
            match &self.writer {
                Some(writer) => Some(writer.turn().await),
                None => None,
            }
        };
        self.begin_within(turn).await
    }

    /// Begins the transaction of a command, which may be committed together with others. Otherwise like
    /// [`Database::begin`].
    pub(crate) async fn begin_command(&self) -> Result<Transaction, DbErr> {
        let turn = async {
            match &self.writer {
                Some(writer) => Some(writer.turn_of_command().await),
                None => None,
            }
        };
        self.begin_within(turn).await
    }

    async fn begin_within(&self, turn: impl Future<Output = Option<Turn>>) -> Result<Transaction, DbErr> {
        let begun = timeout(BEGIN_WITHIN, async { self.begin_now(turn.await).await }).await;
        let begun = begun.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
        if begun.is_err() {
            self.writing.doubt();
        }
        begun
    }

    async fn begin_now(&self, turn: Option<Turn>) -> Result<Transaction, DbErr> {
        let inner = match turn.as_ref().and_then(Turn::open) {
            Some(open) => open.begin().await?,
            None => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                self.connection.begin_with_options(options).await?
            }
        };
        let (heads, writing) = (self.heads.clone(), Arc::clone(&self.writing));
        Ok(Transaction { inner, head: None, heads, writing, turn })
    }
}

impl Transaction {
    /// Commits the changes and wakes the readers that wait for events.
    ///
    /// # Errors
    /// Returns an error if the database fails; it is then unknown whether the changes are committed.
    pub async fn commit(self) -> Result<(), DbErr> {
        let committed = match self.turn {
            Some(turn) => turn.commit(self.inner).await,
            None => self.inner.commit().await,
        };
        match committed {
            Ok(()) => self.writing.succeeded(),
            Err(error) => {
                self.writing.doubt();
                return Err(error);
            }
        }
        if let Some(head) = self.head {
            self.heads.send_if_modified(|known| std::mem::replace(known, head.max(*known)) < head);
        }
        Ok(())
    }
}

impl Transaction {
    /// Ends it without a change. Unlike dropping it, this returns once everything that it has seen is committed.
    ///
    /// # Errors
    /// Returns an error if what it has seen could not be committed.
    pub(crate) async fn end(self) -> Result<(), DbErr> {
        drop(self.inner);
        match self.turn {
            Some(turn) => turn.end().await,
            None => Ok(()),
        }
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.inner
    }
}
