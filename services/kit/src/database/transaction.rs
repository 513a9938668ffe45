//! Transactions that write.

use std::ops::Deref;

use process_manager_wire::Position;
use sea_orm::{DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::sync::{OwnedMutexGuard, watch};

use super::Database;

/// A transaction that writes; dropped without [`Transaction::commit`] it changes nothing.
///
/// On SQLite it has the one write lock from its beginning, so it never waits for a lock halfway. On PostgreSQL the row
/// locks are taken in one order everywhere: idempotency key, document, report, transfer, account, head of the event log.
#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    /// The log's head, if events were appended.
    pub(crate) head: Option<Position>,
    heads: watch::Sender<Position>,
    // Last, so that it is released after the transaction.
    _writer: Option<OwnedMutexGuard<()>>,
}

impl Database {
    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let writer = match &self.writer {
            Some(writer) => Some(writer.clone().lock_owned().await),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.connection.begin_with_options(options).await?;
        Ok(Transaction { inner, head: None, heads: self.heads.clone(), _writer: writer })
    }
}

impl Transaction {
    /// Commits the changes and wakes the readers that wait for events.
    ///
    /// # Errors
    /// The database fails; whether the changes are committed is then unknown.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await?;
        if let Some(head) = self.head {
            self.heads.send_if_modified(|known| std::mem::replace(known, head.max(*known)) < head);
        }
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.inner
    }
}
