//! Another program holds the lock that each change of a service's data needs.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbErr, TransactionTrait};

/// Changes the row that each transaction of a service changes last; in SQLite any change locks the file.
const STATEMENT: &str = "UPDATE event_log SET head = head";

/// Holds the lock for this time. Returns whether it could be acquired.
pub(super) async fn is_held(database: &str, time: Duration) -> bool {
    hold(database, time).await.is_ok()
}

async fn hold(database: &str, time: Duration) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(database);
    options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_secs(3));
    let database = Database::connect(options).await?;
    let transaction = database.begin().await?;
    transaction.execute_unprepared(STATEMENT).await?;
    tokio::time::sleep(time).await;
    transaction.rollback().await?;
    database.close().await
}
