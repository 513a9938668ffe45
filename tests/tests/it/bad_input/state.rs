//! The stored data of a system: the rows of each database, and each workflow run with the signals that it received.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use tests::{Component, Env, eventually};

const SERVICES: [Component; 4] = [Component::Billing, Component::Reports, Component::Accounts, Component::Contracts];
/// These tables change by themselves: the time of the last write check, and how far Reports has read Billing's log.
const OWN: [&str; 2] = ["write_check", "followed_logs"];

/// Returns each row of each table of each service.
pub(super) async fn rows(env: &Env) -> BTreeSet<String> {
    join_all(SERVICES.map(|service| rows_of(env, service))).await.into_iter().flatten().collect()
}

async fn rows_of(env: &Env, service: Component) -> Vec<String> {
    let variable = format!("{}_DATABASE_URL", service.name().to_uppercase());
    let mut options = ConnectOptions::new(env.variable(service, &variable));
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await.unwrap();
    let mut rows = Vec::new();
    for table in tables(&database).await {
        let of_table = texts(&database, &content(&database, &table).await).await;
        rows.extend(of_table.into_iter().map(|row| format!("{} {table}: {row}", service.name())));
    }
    database.close().await.unwrap();
    rows
}

async fn tables(database: &DatabaseConnection) -> Vec<String> {
    let tables = match database.get_database_backend() {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        _ => "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = 'public'",
    };
    texts(database, tables).await.into_iter().filter(|table| !OWN.contains(&table.as_str())).collect()
}

/// Returns the query that reads each row of a table as a text.
async fn content(database: &DatabaseConnection, table: &str) -> String {
    if database.get_database_backend() != DbBackend::Sqlite {
        return format!("SELECT CAST(it AS text) FROM \"{table}\" AS it");
    }
    let columns = texts(database, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
    let columns: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
    format!("SELECT {} FROM \"{table}\"", columns.join(" || ', ' || "))
}

async fn texts(database: &DatabaseConnection, query: &str) -> Vec<String> {
    let query = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(query).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Returns each workflow with its status, once these are among them and Temporal's lagging list is up to date.
pub(super) async fn runs(env: &Env, workflows: &[String]) -> BTreeMap<String, String> {
    eventually("Temporal's list is up to date", async || {
        let mut listed = BTreeMap::new();
        for run in env.temporal().list("ExecutionStatus != 'ContinuedAsNew'").await {
            let id = run.execution.as_ref().map(|execution| execution.workflow_id.clone()).unwrap_or_default();
            let now = env.temporal().describe_by_id(&id).await.map(|run| run.status());
            if now != Some(run.status()) {
                return Err(format!("{id} {now:?}"));
            }
            listed.insert(id, format!("{now:?}"));
        }
        match workflows.iter().find(|id| !listed.contains_key(*id)) {
            None => Ok(listed),
            Some(missing) => Err(missing.clone()),
        }
    })
    .await
}

/// Returns how many signals the latest run of each workflow has received.
pub(super) async fn signals(env: &Env, workflows: &[String]) -> Vec<usize> {
    let counts = workflows.iter().map(|id| async move {
        let history = env.temporal().history_by_id(id).await;
        history.iter().filter(|event| event.event_type() == EventType::WorkflowExecutionSignaled).count()
    });
    join_all(counts).await
}
