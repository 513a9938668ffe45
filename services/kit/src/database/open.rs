//! Connects to a database and brings its tables up to date.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr,
    sqlx::{Connection as _, PgConnection},
};
use sea_orm_migration::MigratorTrait;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout},
};

use super::{Database, DatabaseUrl, error::is_transient, group::Writer, transaction::BEGIN_WITHIN, writing::Writing};

/// Number of connections of one service.
pub(super) const CONNECTIONS: u32 = 10;
/// Time that a request may wait for a connection, SQLite for another process's write, and PostgreSQL for a lock.
const WAIT: Duration = BEGIN_WITHIN;
/// Time that one statement may take on PostgreSQL, waiting for locks included.
const STATEMENT: Duration = Duration::from_secs(8);
/// Time for which a PostgreSQL connection is assumed to be good after its last use.
const FRESH: Duration = Duration::from_secs(1);
/// Programs that create one SQLite file at the same time disturb each other. Opening is retried for this long.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
const REOPEN_DELAY: Duration = Duration::from_millis(50);
/// Any number that nothing else locks in this database: migrations run one after the other.
const MIGRATION_LOCK: i64 = 0x564f_4944;

/// The database cannot be used; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of the SQLite file cannot be created.
    #[error("the folder {folder} cannot be written to ({source}); make it writable, or set DATA_DIR or {variable}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The variable that sets the database.
        variable: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The SQLite file cannot be opened.
    #[error("the database file {path} cannot be opened ({source}); make it writable, or set DATA_DIR or {variable}")]
    File {
        /// The file.
        path: PathBuf,
        /// The variable that sets the database.
        variable: String,
        /// SQLite's error.
        source: DbErr,
    },
    /// The URL is not that of a supported database.
    #[error("{variable} must be a URL such as sqlite:///path/to/file.db or postgres://user:password@host/name")]
    Url {
        /// The variable that sets the database.
        variable: String,
    },
    /// The server cannot be reached.
    #[error("the database of {variable} cannot be reached ({source}); start it, or correct {variable}")]
    Server {
        /// The variable that sets the database.
        variable: String,
        /// The client's error.
        source: DbErr,
    },
    /// The tables cannot be brought up to date.
    #[error("the tables in the database of {variable} cannot be brought up to date ({source})")]
    Migration {
        /// The variable that sets the database.
        variable: String,
        /// The database's error.
        source: DbErr,
    },
}

impl Database {
    /// Connects, creates the SQLite file if there is none, and runs the migrations of `M`. Several programs may do this
    /// at the same time.
    ///
    /// # Errors
    /// Returns [`OpenError`], in one sentence for the operator.
    pub async fn open<M: MigratorTrait>(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let variable = || url.variable.clone();
        let connection = match url.sqlite_path() {
            Some(path) => open_sqlite(url, path).await?,
            None if url.url.starts_with("postgres") && ::url::Url::parse(&url.url).is_ok() => {
                open_postgres(&url.url).await.map_err(|source| OpenError::Server { variable: variable(), source })?
            }
            None => return Err(OpenError::Url { variable: variable() }),
        };
        let is_sqlite = connection.get_database_backend() == DbBackend::Sqlite;
        let writer = is_sqlite.then(Writer::default);
        let commands = Arc::new(Semaphore::new(super::COMMANDS));
        let writing = Arc::new(Writing::default());
        let database = Self { connection, writer, heads: watch::Sender::new(0), commands, writing };
        database.migrate::<M>().await.map_err(|source| OpenError::Migration { variable: variable(), source })?;
        Ok(database)
    }

    async fn migrate<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        let transaction = self.begin().await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            // Another program's migration may take a while.
            transaction.execute_unprepared("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0").await?;
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        }
        M::up(&*transaction, None).await?;
        transaction.commit().await
    }
}

async fn open_sqlite(url: &DatabaseUrl, path: PathBuf) -> Result<DatabaseConnection, OpenError> {
    let variable = || url.variable.clone();
    if let Some(folder) = path.parent() {
        let made = tokio::fs::create_dir_all(folder).await;
        made.map_err(|source| OpenError::Folder { folder: folder.to_owned(), variable: variable(), source })?;
    }
    let deadline = Instant::now() + OPEN_WITHIN;
    loop {
        match connect(&url.url).await {
            Ok(connection) => return Ok(connection),
            Err(error) if is_transient(&error) && Instant::now() < deadline => {
                tokio::time::sleep(REOPEN_DELAY).await;
            }
            Err(source) => return Err(OpenError::File { path, variable: variable(), source }),
        }
    }
}

/// Connects to PostgreSQL. The pool tries for a while and then says only that its time is over. One attempt without the
/// pool gives the reason.
async fn open_postgres(url: &str) -> Result<DatabaseConnection, DbErr> {
    let error = match connect(url).await {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    match timeout(WAIT, PgConnection::connect(url)).await {
        Ok(Err(cause)) => Err(DbErr::Conn(RuntimeErr::SqlxError(cause.into()))),
        Ok(Ok(_)) | Err(_) => Err(error),
    }
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(CONNECTIONS).connect_timeout(WAIT).acquire_timeout(WAIT).sqlx_logging(false);
    options.test_before_acquire(false);
    if url.starts_with("postgres") {
        options.statement_timeout(STATEMENT);
    }
    options.map_sqlx_postgres_opts(|postgres| postgres.options([("lock_timeout", WAIT.as_millis())]));
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite.create_if_missing(true).foreign_keys(true).busy_timeout(WAIT).pragma("journal_mode", "WAL")
    });
    // SQLite ends a transaction by itself when the disk is full, and the driver's ROLLBACK then fails. Such a
    // connection's driver still counts a transaction, so the next one would be a savepoint that nobody ever commits.
    // The pool closes the connection.
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
    });
    // Asking the server before each transaction costs a round trip. A connection that has just answered is there.
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.before_acquire(|connection, meta| {
            Box::pin(async move {
                Ok(!connection.is_in_transaction() && (meta.idle_for < FRESH || connection.ping().await.is_ok()))
            })
        })
    });
    sea_orm::Database::connect(options).await
}
