//! Everything that can be known of a run afterwards: the answers to clients, all logs, databases and histories.
//!
//! The readers share no code with the system: plain HTTP, plain SQL, and JSON without types.

mod reader;
mod sql;
mod temporal;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::reader::Reader;

/// Maximum number of concurrent requests of the reader.
const AT_ONCE: usize = 6;
/// Number of ended voidings whose run is also queried, which replays it.
const ENDED_ASKED: usize = 40;

type Rows = Vec<Value>;

/// The evidence of one run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Evidence {
    /// The requests of clients, and the answers.
    pub(crate) history: Rows,
    /// The events of each service, as its route answers them.
    pub(crate) events: BTreeMap<String, Rows>,
    /// The rows of each table, as `<service>.<table>`.
    pub(crate) tables: BTreeMap<String, Rows>,
    /// The runs: `workflow`, `run`, `type`, `status`, `started`, `closed`, `memo`, `attributes`.
    pub(crate) runs: Rows,
    /// Workflow tasks that a worker has failed: `workflow`, `cause`, `message`.
    pub(crate) failed_tasks: Rows,
    /// Answers of the apis about a document, with `document`, `api` and `query` (the run's own answer).
    pub(crate) views: Rows,
    /// Answers of the apis about the credit change of each customer.
    pub(crate) changes: BTreeMap<String, Value>,
    /// Contracts' numbers for each change.
    pub(crate) counts: BTreeMap<String, Value>,
    /// Answers of the running runs of confirmations, by contract.
    pub(crate) confirmations: BTreeMap<String, Value>,
    /// Commands that workers sent: `path`, `key`, `correlation`, `body`, `status`.
    pub(crate) commands: Rows,
    /// Lines of logs: `program`, `line`, and `what` is wrong with the line.
    pub(crate) lines: Rows,
    /// The ends of programs that nobody killed: `program`, `end`.
    pub(crate) ends: Rows,
    /// What was still waiting for something other than an operator or a customer.
    pub(crate) unseen: Vec<String>,
}

impl Evidence {
    pub(crate) fn rows(&self, table: &str) -> &[Value] {
        self.tables.get(table).map_or(&[][..], Vec::as_slice)
    }

    pub(crate) fn log(&self, service: &str) -> &[Value] {
        self.events.get(service).map_or(&[][..], Vec::as_slice)
    }

    /// Returns the requests of one kind.
    pub(crate) fn asked<'a>(&'a self, op: &'a str) -> impl Iterator<Item = &'a Value> {
        self.history.iter().filter(move |line| line["op"] == op)
    }

    /// Reads everything that the system reveals.
    pub(crate) async fn read(reader: &Reader, rated: &[&str]) -> Self {
        let mut evidence = Self { tables: reader.tables().await, ..Self::default() };
        for service in reader.services() {
            evidence.events.insert(service.to_owned(), reader.events(service).await);
            evidence.forget_what_came_later(service);
        }
        let told = reader.items("reports", "/reports?all=true").await;
        evidence.tables.insert("reports.told".to_owned(), told);
        evidence.runs = reader.runs("").await;
        evidence.failed_tasks = evidence.read_failed_tasks(reader).await;
        evidence.views = evidence.read_views(reader).await;
        for customer in rated {
            let change = reader.get(&format!("{}/credit-changes/{customer}", reader.url("api-1"))).await;
            evidence.changes.insert((*customer).to_owned(), change);
        }
        for change in evidence.tables["contracts.credit_changes"].clone() {
            let id = change["credit_change_id"].as_str().unwrap_or_default().to_owned();
            let told = reader.get(&format!("{}/credit-changes/{id}", reader.url("contracts"))).await;
            evidence.counts.insert(id, told["contracts"].clone());
        }
        evidence.confirmations = evidence.read_confirmations(reader).await;
        evidence
    }

    /// Drops later events: customers are reminded while the evidence is read.
    fn forget_what_came_later(&mut self, service: &str) {
        let head = self.rows(&format!("{service}.event_log")).first().and_then(|row| row["head"].as_i64()).unwrap_or(0);
        let is_later = |position: &Value| {
            let position = position.as_i64().or_else(|| position.as_str()?.parse().ok());
            position.is_some_and(|position| position > head)
        };
        if let Some(rows) = self.tables.get_mut(&format!("{service}.events")) {
            rows.retain(|row| !is_later(&row["position"]));
        }
        if let Some(events) = self.events.get_mut(service) {
            events.retain(|event| !is_later(&event["sequence"]));
        }
    }

    async fn read_failed_tasks(&self, reader: &Reader) -> Rows {
        let reads = self.runs.iter().map(|run| reader.failed_tasks(run));
        stream::iter(reads).buffered(AT_ONCE).collect::<Vec<_>>().await.concat()
    }

    /// Returns what both apis say about each document to be voided. Also queries its run if it waits, and the runs of
    /// some voidings that have ended.
    async fn read_views(&self, reader: &Reader) -> Rows {
        let documents: std::collections::BTreeSet<&str> =
            self.rows("billing.processes").iter().filter_map(|process| process["document_id"].as_str()).collect();
        let mut asked = 0;
        let reads = documents.into_iter().flat_map(|document| {
            let id = format!("voiding-{document}");
            let waits = self.runs.iter().any(|run| run["workflow"] == id.as_str() && run["status"] == "RUNNING");
            asked += 1;
            let is_asked = waits || asked <= ENDED_ASKED;
            ["api-1", "api-2"].map(move |api| {
                let id = id.clone();
                async move {
                    let view = reader.get(&format!("{}/voidings/{document}", reader.url(api))).await;
                    let query = if is_asked && api == "api-1" { reader.query(&id).await } else { Value::Null };
                    json!({"document": document, "api": api, "view": view, "query": query})
                }
            })
        });
        stream::iter(reads).buffered(AT_ONCE).collect().await
    }

    async fn read_confirmations(&self, reader: &Reader) -> BTreeMap<String, Value> {
        let running =
            self.runs.iter().filter(|run| run["type"] == "ContractConfirmation" && run["status"] == "RUNNING");
        let reads = running.filter_map(|run| run["workflow"].as_str()).map(|workflow| async move {
            let contract = workflow.trim_start_matches("ContractConfirmation-").to_owned();
            (contract, reader.query(workflow).await)
        });
        stream::iter(reads).buffered(AT_ONCE).collect().await
    }
}
