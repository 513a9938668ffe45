//! The numbers of credit changes and batches are exact.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Found,
    contracts::counts_of,
    words::{number, text, time},
};
use crate::evidence::Evidence;

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    let changes = evidence.rows("contracts.credit_changes");
    for change in changes {
        let (id, counts) = (text(&change["credit_change_id"]), counts_of(evidence, change));
        let told = evidence.counts.get(id);
        for (name, count) in &counts {
            let told = told.map(|told| told[name].as_u64().unwrap_or_default());
            found.unless(told == Some(*count), "counts", id, || {
                format!("{count} contracts are {name}, told are {told:?}")
            });
        }
        if let Some(batch) = latest_run(evidence, &format!("RevokeCustomerContracts-{id}")) {
            batch_is_exact(evidence, change, batch, found);
        }
    }
    for (customer, view) in &evidence.changes {
        let latest = changes.iter().filter(|change| change["customer_id"] == customer.as_str());
        if let Some(latest) = latest.max_by_key(|change| number(&change["position"])) {
            view_is_exact(customer, view, latest, &counts_of(evidence, latest), found);
        }
    }
}

fn latest_run<'a>(evidence: &'a Evidence, workflow: &str) -> Option<&'a Value> {
    let runs = evidence.runs.iter().filter(|run| run["workflow"] == workflow);
    runs.max_by_key(|run| time(&run["started"]))
}

/// Compares the batch's own numbers with the commands that Contracts has carried out under the batch's keys.
fn batch_is_exact(evidence: &Evidence, change: &Value, run: &Value, found: &mut Found) {
    let (id, memo) = (text(&change["credit_change_id"]), &run["memo"]);
    let number_of = |name: &str| memo[name].as_u64().unwrap_or_default();
    let (accepted, settled, failed) = (number_of("accepted"), number_of("settled"), number_of("failed"));
    let keys = evidence.rows("contracts.idempotency_keys").iter().filter_map(|row| row["key"].as_str());
    let prefix = format!("RevokeCustomerContracts/{id}/");
    let of_batch = keys.filter_map(|key| key.strip_prefix(&prefix)).filter(|key| !key.ends_with("/undo"));
    let contracts: Vec<&str> = of_batch.collect();
    let carried_out = contracts.len() as u64;
    if memo["status"] != "completed" {
        // It may have ended before it received all answers.
        found.unless(accepted <= carried_out, "counts", id, || {
            format!("its batch was accepted {accepted} commands, and {carried_out} were carried out")
        });
        return;
    }
    // After a crash the batch reads its page again. A contract that was terminated meanwhile is no longer on it.
    let terminated = terminated(evidence);
    let gone = contracts.iter().filter(|contract| terminated.contains_key(*contract)).count() as u64;
    found.unless((accepted..=accepted + gone).contains(&carried_out), "counts", id, || {
        format!("its batch was accepted {accepted} commands, and {carried_out} were carried out")
    });
    let total = memo["total"].as_u64();
    found.unless(total == Some(accepted + settled + failed), "counts", id, || {
        format!("its batch tells {total:?} items: {accepted} accepted, {settled} settled, {failed} failed")
    });
    let (least, most) = affected(evidence, change);
    found.unless((least..=most).contains(&(accepted + settled + failed)), "counts", id, || {
        format!("its batch dealt with {} contracts, and {least} to {most} were affected", accepted + settled + failed)
    });
}

/// Returns the terminated contracts, with the positions of their termination.
fn terminated(evidence: &Evidence) -> BTreeMap<&str, i64> {
    let events = evidence.log("contracts").iter().filter(|event| event["type"] == "ContractTerminated");
    events.map(|event| (text(&event["data"]["contract_id"]), number(&event["sequence"]))).collect()
}

/// Returns how many contracts the customer had when the rating changed, without and with those terminated afterwards.
fn affected(evidence: &Evidence, change: &Value) -> (u64, u64) {
    let (position, terminated) = (number(&change["position"]), terminated(evidence));
    let (mut least, mut most) = (0, 0);
    for row in evidence.rows("contracts.contracts").iter().filter(|row| row["customer_id"] == change["customer_id"]) {
        if number(&row["opened_position"]) > position {
            continue;
        }
        let end = terminated.get(text(&row["contract_id"]));
        most += u64::from(end.is_none_or(|end| *end > position));
        least += u64::from(end.is_none());
    }
    (least, most)
}

/// Checks what the api reports about a customer's latest change.
fn view_is_exact(
    customer: &str,
    view: &Value,
    change: &Value,
    counts: &BTreeMap<&'static str, u64>,
    found: &mut Found,
) {
    found.unless(view["credit_change_id"] == change["credit_change_id"], "counts", customer, || {
        format!("the api tells of {}, the latest change is {}", view["credit_change_id"], change["credit_change_id"])
    });
    let missing = counts["pending"] + counts["signed"];
    let revoked = missing + counts["confirmed"] + counts["reinstated"] + counts["terminated"];
    let expected = [
        ("missing", missing),
        ("revoked", revoked),
        ("confirmed", counts["confirmed"]),
        ("reinstated", counts["reinstated"]),
        ("terminated", counts["terminated"]),
        ("total", revoked + counts["untouched"]),
    ];
    for (name, count) in expected {
        let told = view[name].as_u64();
        found.unless(told == Some(count), "counts", customer, || format!("{count} are {name}, the api tells {told:?}"));
    }
    let state = text(&view["state"]);
    let is_over = matches!(state, "completed" | "cancelled");
    found.unless(!is_over || missing == 0, "counts", customer, || format!("{state}, and {missing} are missing"));
    let is_revoked = matches!(state, "completed" | "awaiting-confirmations");
    found.unless(!is_revoked || counts["untouched"] == 0, "counts", customer, || {
        format!("{state}, and {} were not revoked", counts["untouched"])
    });
}
