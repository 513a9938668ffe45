//! Waits until everything has ended or waits visibly for an operator or a customer. No verdict depends on how long that
//! takes: it fails when nothing has moved for a long time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use crate::{
    clients::{Client, RATED},
    evidence::Reader,
    say::say,
};

const PAUSE: Duration = Duration::from_secs(2);
/// No pause in the system is longer: commands are retried every 30 s, and open processes are compared with runs at this
/// pace.
const STALL: Duration = Duration::from_secs(300);
/// Number of contracts that a customer finishes in one go.
const ALL: usize = 10_000;

/// Returns what still waits for something else; empty if nothing does. `worked` is how long the chaos lasted: a credit
/// change counts more rarely the longer nothing has changed.
pub(crate) async fn settle(reader: &Reader, finisher: &mut Client, worked: Duration) -> Vec<String> {
    for customer in RATED {
        let _ = finisher.instruct(customer, "resume", serde_json::json!({})).await;
    }
    let (mut seen, mut since, mut said) = (vec!["nothing yet".to_owned()], Instant::now(), Instant::now());
    let mut empty = 0;
    while since.elapsed() < STALL + worked * 2 {
        for customer in RATED.iter().step_by(2) {
            let _ = finisher.finish_contracts(customer, ALL).await;
        }
        let waiting = waiting(reader).await;
        empty = if waiting.is_empty() { empty + 1 } else { 0 };
        // Temporal's lists lag by up to a second.
        if empty == 2 {
            return waiting;
        }
        if said.elapsed() > Duration::from_secs(30) {
            said = Instant::now();
            say(&format!("chaos: {} still go on, such as {:?}", waiting.len(), waiting.first()));
        }
        if waiting != seen {
            (seen, since) = (waiting, Instant::now());
        }
        tokio::time::sleep(PAUSE).await;
    }
    seen
}

/// Returns what does not wait for an operator or a customer.
async fn waiting(reader: &Reader) -> Vec<String> {
    let runs = reader.runs("ExecutionStatus = 'Running'").await;
    let contracts =
        reader.rows("contracts", "contracts", "contract_id status", "status IN ('pending', 'signed')").await;
    let awaited: BTreeMap<&str, &str> =
        contracts.iter().map(|row| (text(&row["contract_id"]), text(&row["status"]))).collect();
    let mut waiting = Vec::new();
    for run in &runs {
        waiting.extend(why_it_goes_on(reader, run, &awaited).await);
    }
    let running: BTreeSet<&str> = runs.iter().map(|run| text(&run["workflow"])).collect();
    let without_run = |id: String| (!running.contains(id.as_str())).then(|| format!("{id} has no run"));
    waiting.extend(awaited.keys().filter_map(|id| without_run(format!("ContractConfirmation-{id}"))));
    let open = reader.items("billing", "/documents?process=open").await;
    waiting.extend(open.iter().filter_map(|it| without_run(format!("voiding-{}", text(&it["document_id"])))));
    let transfers = "status IN ('requested', 'withdrawn')";
    let transfers = reader.rows("accounts", "transfers", "transfer_id", transfers).await;
    waiting
        .extend(transfers.iter().filter_map(|it| without_run(format!("TransferMoney-{}", text(&it["transfer_id"])))));
    waiting.extend(reports_lag(reader).await);
    for customer in RATED {
        waiting.extend(change_goes_on(reader, customer).await);
    }
    waiting
}

async fn why_it_goes_on(reader: &Reader, run: &Value, awaited: &BTreeMap<&str, &str>) -> Option<String> {
    let (id, memo) = (text(&run["workflow"]), &run["memo"]);
    let needs_attention = run["attributes"]["NeedsAttention"] == true;
    let is_seen = match text(&run["type"]) {
        "DocumentVoiding" => needs_attention && memo["acknowledgement"].is_null(),
        "ContractConfirmation" => {
            let contract = awaited.get(id.trim_start_matches("ContractConfirmation-"));
            let state = match contract {
                Some(&"pending") => "awaiting-signature",
                Some(_) => "awaiting-confirmation",
                None => return Some(format!("{id} runs without need")),
            };
            let told = reader.query(id).await;
            told["status"] == "waiting" && told["state"]["state"] == state
        }
        "Batch" => memo["status"] == "paused",
        "TransferMoney" => needs_attention,
        // Credit changes are handled below, by customer. Subscriptions never end.
        _ => true,
    };
    (!is_seen).then(|| format!("{id} goes on"))
}

async fn reports_lag(reader: &Reader) -> Option<String> {
    let head = reader.rows("billing", "event_log", "head", "").await;
    let followed = reader.rows("reports", "followed_logs", "position", "").await;
    let lags = head.first()?["head"] != followed.first()?["position"];
    lags.then(|| format!("Reports is at {followed:?} of {head:?}"))
}

/// Returns why a change goes on: it has not begun, is revoking, or waits for contracts although none is missing.
async fn change_goes_on(reader: &Reader, customer: &str) -> Option<String> {
    let change = reader.get(&format!("{}/credit-changes/{customer}", reader.url("api-1"))).await;
    let is_seen = match text(&change["state"]) {
        "completed" | "cancelled" => true,
        "awaiting-confirmations" => change["missing"].as_u64() > Some(0),
        _ => {
            change["code"] == "credit-change-not-found" || change["is_paused"] == true || change["incident"].is_object()
        }
    };
    (!is_seen).then(|| format!("the credit change of {customer} is {}", change["state"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
