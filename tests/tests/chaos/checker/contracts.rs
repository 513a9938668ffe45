//! Contracts: each is revoked once per pending period, and every step follows from the previous one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Found,
    words::{index, number, text},
};
use crate::evidence::Evidence;

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    let (mut states, mut reminders) = (BTreeMap::new(), BTreeSet::new());
    for event in evidence.log("contracts") {
        let data = &event["data"];
        let (id, kind) = (text(&data["contract_id"]), text(&event["type"]));
        if kind == "CustomerReminded" {
            let number = number(&data["reminder"]);
            let is_new = reminders.insert((id, text(&data["credit_change_id"]), number));
            found.unless(is_new, "contracts", id, || format!("reminder {number} came twice"));
            let state = states.get(id);
            let is_awaited = matches!(state, Some(&("pending" | "signed")));
            found.unless(is_awaited, "contracts", id, || format!("a reminder although it is {state:?}"));
        } else if !id.is_empty() {
            step(id, kind, &mut states, found);
        }
    }
    let contracts = index(evidence.rows("contracts.contracts"), "contract_id");
    found.unless(contracts.len() == states.len(), "contracts", "all contracts", || {
        format!("{} contracts, and {} by the log", contracts.len(), states.len())
    });
    for (id, state) in states {
        let row = contracts.get(id);
        let is_same = row.is_some_and(|row| row["status"] == state);
        found.unless(is_same, "contracts", id, || format!("it is {row:?}, by the log {state}"));
    }
}

/// Checks what a contract was before each event, and records what it is afterwards.
fn step<'a>(id: &'a str, kind: &'a str, states: &mut BTreeMap<&'a str, &'static str>, found: &mut Found) {
    let (before, after): (&[&str], _) = match kind {
        "ContractOpened" => (&[], "active"),
        "CustomerContractRevoked" => (&["active", "signed"], "pending"),
        "ContractSigned" => (&["pending"], "signed"),
        "CustomerContractReconfirmed" => (&["signed"], "active"),
        "ContractReinstated" => (&["pending", "signed"], "active"),
        "ContractTerminated" => (&["active", "pending", "signed"], "terminated"),
        _ => return,
    };
    let was = states.insert(id, after);
    let fits = was.map_or(before.is_empty(), |was| before.contains(&was));
    found.unless(fits, "contracts", id, || match (kind, was) {
        ("CustomerContractRevoked", Some("pending")) => "it was revoked twice in one pending period".to_owned(),
        _ => format!("{kind} although it was {was:?}"),
    });
}

/// Returns how many contracts of a change have which status.
pub(super) fn counts_of(evidence: &Evidence, change: &Value) -> BTreeMap<&'static str, u64> {
    let names = ["pending", "signed", "confirmed", "reinstated", "terminated", "untouched"];
    let mut counts: BTreeMap<_, _> = names.into_iter().map(|name| (name, 0)).collect();
    let mut add = |name: &'static str| *counts.entry(name).or_default() += 1;
    for row in evidence.rows("contracts.contracts") {
        if row["credit_change_id"] == change["credit_change_id"] {
            add(match text(&row["status"]) {
                "pending" => "pending",
                "signed" => "signed",
                "terminated" => "terminated",
                _ if row["confirmed_at"].is_null() => "reinstated",
                _ => "confirmed",
            });
        }
        let is_affected = row["customer_id"] == change["customer_id"]
            && number(&row["opened_position"]) <= number(&change["position"])
            && row["status"] != "terminated";
        if is_affected && number(&row["change_position"]) < number(&change["position"]) {
            add("untouched");
        }
    }
    counts
}
