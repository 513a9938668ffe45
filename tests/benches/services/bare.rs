//! The rows of an issued document, committed by a plain loop.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use messages::billing::{Document, DocumentIssued, DocumentStatus, Event};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait, Value,
};
use serde_json::json;
use tests::{Component, Env, sample};
use tokio::sync::Mutex;

use crate::billing::{Kind, database_url};

/// As many as Billing has.
const CONNECTIONS: u32 = 10;
/// The same as Billing's.
const WAIT: Duration = Duration::from_secs(4);

const EVENT: &str = "INSERT INTO events (position, id, kind, subject, time, correlation_id, causation_id, data) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const DOCUMENT: &str = "INSERT INTO documents (document_id, customer_id, kind, minor, currency, status, issued_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const KEY: &str = "INSERT INTO idempotency_keys (key, fingerprint, status, response, created_at) \
    VALUES ($1, $2, $3, $4, $5)";

/// Billing's tables, used by nobody else.
pub(crate) struct Bare {
    database: DatabaseConnection,
    /// SQLite's one writer.
    writer: Option<Mutex<()>>,
    position: AtomicI64,
    /// The system that has created the tables.
    _env: Env,
}

/// Connects as Billing does.
pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(CONNECTIONS).connect_timeout(WAIT).acquire_timeout(WAIT * 10).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(true).busy_timeout(WAIT).pragma("journal_mode", "WAL"));
    Database::connect(options).await.unwrap()
}

impl Bare {
    pub(crate) async fn open(kind: Kind) -> Self {
        let env = kind.billing().await;
        env.stop(Component::Billing).await;
        let database = connect(database_url(&env)).await;
        let writer = (kind == Kind::Sqlite).then(Mutex::default);
        Self { database, writer, position: AtomicI64::new(1), _env: env }
    }

    /// Commits the rows of one document.
    pub(crate) async fn commit(&self) {
        let rows = self.rows();
        let _turn = match &self.writer {
            Some(writer) => Some(writer.lock().await),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.database.begin_with_options(options).await.unwrap();
        let backend = self.database.get_database_backend();
        for (sql, values) in rows {
            transaction.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    fn rows(&self) -> [(&'static str, Vec<Value>); 3] {
        let (position, now) = (self.position.fetch_add(1, Ordering::Relaxed), Utc::now());
        let (document, key) = (document(now), sample::unique("bench"));
        let data = json!(issued(&document))["data"].to_string();
        let id = document.document_id.as_str();
        let (minor, currency) = (document.total.minor, document.total.currency.code());
        let event: [Value; 8] = [
            position.into(),
            sample::process_id().as_str().into(),
            "DocumentIssued".into(),
            id.into(),
            now.into(),
            sample::process_id().as_str().into(),
            key.as_str().into(),
            data.into(),
        ];
        let columns: [Value; 7] = [
            id.into(),
            document.customer_id.as_str().into(),
            "invoice".into(),
            minor.into(),
            currency.into(),
            "issued".into(),
            now.into(),
        ];
        let answer = json!(document).to_string();
        let earlier: [Value; 5] = [key.into(), "f".repeat(64).into(), 201.into(), answer.into(), now.into()];
        [(EVENT, event.into()), (DOCUMENT, columns.into()), (KEY, earlier.into())]
    }
}

fn document(issued_at: DateTime<Utc>) -> Document {
    let new = sample::invoice(&sample::customer_id());
    Document {
        document_id: new.document_id.unwrap(),
        customer_id: new.customer_id,
        kind: new.kind,
        total: new.total,
        status: DocumentStatus::Issued,
        process_id: None,
        issued_at,
        voided_at: None,
    }
}

fn issued(document: &Document) -> Event {
    Event::DocumentIssued(DocumentIssued {
        document_id: document.document_id.clone(),
        customer_id: document.customer_id.clone(),
        kind: document.kind,
        total: document.total,
        issued_at: document.issued_at,
    })
}
