//! Nothing waits unseen: whatever has not ended has a run that waits for an operator or a customer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Found,
    words::{index, text},
};
use crate::evidence::Evidence;

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    for what in &evidence.unseen {
        found.add("unseen", "at the end", what.as_str());
    }
    let running: BTreeMap<&str, &Value> = evidence
        .runs
        .iter()
        .filter(|run| run["status"] == "RUNNING")
        .map(|run| (text(&run["workflow"]), run))
        .collect();
    let needs_attention =
        |workflow: &str| running.get(workflow).is_some_and(|run| run["attributes"]["NeedsAttention"] == true);
    let open = evidence.rows("billing.documents").iter().filter(|row| row["process_id"].is_string());
    for document in open {
        let id = text(&document["document_id"]);
        let is_seen = needs_attention(&format!("voiding-{id}"));
        found.unless(is_seen, "unseen", id, || format!("its process {} waits unseen", document["process_id"]));
    }
    let open = |row: &&Value| matches!(text(&row["status"]), "requested" | "withdrawn");
    for transfer in evidence.rows("accounts.transfers").iter().filter(open) {
        let id = text(&transfer["transfer_id"]);
        let is_seen = needs_attention(&format!("TransferMoney-{id}"));
        found.unless(is_seen, "unseen", id, || format!("it is {} and waits unseen", transfer["status"]));
    }
    contracts(evidence, &running, found);
    without_need(evidence, &running, found);
}

/// Checks that each contract to be signed or confirmed has a process that knows what it waits for.
fn contracts(evidence: &Evidence, running: &BTreeMap<&str, &Value>, found: &mut Found) {
    for contract in evidence.rows("contracts.contracts") {
        let id = text(&contract["contract_id"]);
        let awaits = match text(&contract["status"]) {
            "pending" => "awaiting-signature",
            "signed" => "awaiting-confirmation",
            _ => continue,
        };
        let is_there = running.contains_key(format!("ContractConfirmation-{id}").as_str());
        found.unless(is_there, "unseen", id, || format!("it is {} and no process waits for it", contract["status"]));
        let told = evidence.confirmations.get(id).map(|told| &told["state"]["state"]);
        found.unless(told.is_some_and(|told| *told == awaits), "unseen", id, || {
            format!("it is {}, its process is {told:?}", contract["status"])
        });
    }
}

/// Checks for runs whose document, transfer or contract is done: they would wait for ever.
fn without_need(evidence: &Evidence, running: &BTreeMap<&str, &Value>, found: &mut Found) {
    let documents = index(evidence.rows("billing.documents"), "document_id");
    let transfers = index(evidence.rows("accounts.transfers"), "transfer_id");
    let contracts = index(evidence.rows("contracts.contracts"), "contract_id");
    for id in running.keys() {
        let is_needed = if let Some(document) = id.strip_prefix("voiding-") {
            documents.get(document).is_some_and(|row| row["process_id"].is_string())
        } else if let Some(transfer) = id.strip_prefix("TransferMoney-") {
            transfers.get(transfer).is_some_and(|row| matches!(text(&row["status"]), "requested" | "withdrawn"))
        } else if let Some(contract) = id.strip_prefix("ContractConfirmation-") {
            contracts.get(contract).is_some_and(|row| matches!(text(&row["status"]), "pending" | "signed"))
        } else {
            true
        };
        found.unless(is_needed, "unseen", id, || "it runs, and nothing is left to be done".to_owned());
    }
}
