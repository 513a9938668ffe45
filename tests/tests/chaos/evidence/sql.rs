//! Reads the tables as they are.

use std::collections::BTreeMap;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use serde_json::Value;

use super::Reader;

const EVENTS: &str = "position id kind subject correlation_id causation_id data";
const KEYS: &str = "key status response";

/// The tables to judge, with their columns.
const TABLES: [(&str, &str, &str); 23] = [
    // First: whatever is appended while the rest is read lies beyond these positions.
    ("billing", "event_log", "logid head"),
    ("reports", "event_log", "logid head"),
    ("accounts", "event_log", "logid head"),
    ("contracts", "event_log", "logid head"),
    ("billing", "documents", "document_id customer_id kind minor currency status process_id"),
    ("billing", "processes", "process_id document_id state"),
    ("billing", "events", EVENTS),
    ("billing", "idempotency_keys", KEYS),
    ("reports", "reports", "report_id customer_id number status"),
    ("reports", "documents", "document_id customer_id minor currency report_id marked_by"),
    ("reports", "report_documents", "report_id place document_id minor currency voided"),
    ("reports", "followed_logs", "source position logid"),
    ("reports", "events", EVENTS),
    ("accounts", "accounts", "account_id initial_minor balance_minor currency status"),
    ("accounts", "transfers", "transfer_id from_account to_account minor currency status"),
    ("accounts", "events", EVENTS),
    ("accounts", "idempotency_keys", KEYS),
    ("contracts", "credit_changes", "credit_change_id customer_id rating position"),
    (
        "contracts",
        "contracts",
        "contract_id customer_id status credit_change_id opened_position change_position confirmed_at",
    ),
    ("contracts", "events", EVENTS),
    ("contracts", "idempotency_keys", KEYS),
    ("contracts", "customers", "customer_id rating credit_change_id"),
    ("reports", "idempotency_keys", KEYS),
];

impl Reader {
    /// Returns all tables, as `<service>.<table>`.
    pub(super) async fn tables(&self) -> BTreeMap<String, Vec<Value>> {
        let mut tables = BTreeMap::new();
        for (service, table, columns) in TABLES {
            tables.insert(format!("{service}.{table}"), self.rows(service, table, columns, "").await);
        }
        tables
    }

    /// Returns rows of a table; `filter` is an SQL condition.
    pub(crate) async fn rows(&self, service: &str, table: &str, columns: &str, filter: &str) -> Vec<Value> {
        let rows = rows(&self.databases[service], table, columns, filter).await;
        rows.unwrap_or_else(|error| panic!("{service}.{table}: {error}"))
    }
}

async fn rows(url: &str, table: &str, columns: &str, filter: &str) -> Result<Vec<Value>, DbErr> {
    let mut options = ConnectOptions::new(url.replace("mode=rwc", "mode=ro"));
    options.max_connections(1).sqlx_logging(false);
    let database: DatabaseConnection = Database::connect(options).await?;
    let filter = if filter.is_empty() { "1 = 1" } else { filter };
    let columns: Vec<&str> = columns.split(' ').collect();
    // One row of either database is one JSON text, so nothing depends on how a driver converts a type.
    let sql = if database.get_database_backend() == DbBackend::Sqlite {
        let pairs: Vec<String> = columns.iter().map(|column| format!("'{column}', {column}")).collect();
        format!("SELECT json_object({}) AS line FROM {table} WHERE {filter}", pairs.join(", "))
    } else {
        let columns = columns.join(", ");
        format!("SELECT row_to_json(t)::text AS line FROM (SELECT {columns} FROM {table} WHERE {filter}) t")
    };
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let found = database.query_all_raw(statement).await?;
    let lines = found.iter().map(|row| row.try_get::<String>("", "line"));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    database.close().await?;
    Ok(lines.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect())
}
