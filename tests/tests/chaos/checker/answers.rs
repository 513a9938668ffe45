//! The answers to clients are true: each 2xx took effect, and whatever was refused, or answered 503, was not done.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Found,
    words::{events, index, is_accepted, may_have_happened, text},
};
use crate::evidence::Evidence;

/// A request, the event that it leads to, and the field of the body or the answer that contains its subject.
const EFFECTS: [(&str, &str, &str, &str, Named); 11] = [
    ("issue", "billing", "DocumentIssued", "document_id", Named::InBody),
    ("open-account", "accounts", "AccountOpened", "account_id", Named::InBody),
    ("close-account", "accounts", "AccountClosed", "account_id", Named::InBody),
    ("transfer", "accounts", "MoneyTransferRequested", "transfer_id", Named::InBody),
    ("register", "contracts", "CustomerRegistered", "customer_id", Named::InBody),
    ("open-contract", "contracts", "ContractOpened", "contract_id", Named::InBody),
    ("sign", "contracts", "ContractSigned", "contract_id", Named::InBody),
    ("reconfirm", "contracts", "CustomerContractReconfirmed", "contract_id", Named::InBody),
    ("terminate-contract", "contracts", "ContractTerminated", "contract_id", Named::InBody),
    ("change-rating", "contracts", "CustomerCreditRatingChanged", "credit_change_id", Named::InAnswer),
    ("publish", "reports", "ReportPublished", "report_id", Named::InAnswer),
];
/// Requests whose id nobody else uses: what was certainly not done must not have left anything.
const UNIQUE: [&str; 4] = ["issue", "open-account", "transfer", "open-contract"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    InBody,
    InAnswer,
}

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    for (op, service, kind, field, named) in EFFECTS {
        let done = events(evidence.log(service), kind, field);
        for line in evidence.asked(op) {
            let id = text(if named == Named::InBody { &line["body"][field] } else { &line["answer"][field] });
            let effects = done.get(id).map_or(&[][..], Vec::as_slice);
            if is_accepted(line) {
                found.unless(!effects.is_empty(), "answers", id, || {
                    format!("accepted, and no log has its {kind}: {line}")
                });
            }
            if UNIQUE.contains(&op) {
                unique(line, kind, id, effects, found);
            }
        }
    }
    keys(evidence, found);
}

/// Checks that an effect happened at most once, only if it was not refused, and as requested.
fn unique(line: &Value, kind: &str, id: &str, effects: &[&Value], found: &mut Found) {
    found.unless(effects.len() <= 1, "answers", id, || format!("{} times {kind}", effects.len()));
    if !may_have_happened(line) {
        found.unless(effects.is_empty(), "answers", id, || {
            format!("not done by every answer, and {kind} is there: {line}")
        });
    }
    for effect in effects {
        let asked = line["body"].as_object().into_iter().flatten();
        for (name, value) in asked {
            let recorded = &effect["data"][name];
            found.unless(recorded == value, "answers", id, || format!("{name} was {value}, {kind} has {recorded}"));
        }
    }
}

/// Checks that the key of each accepted command is kept with its answer, so that a late repetition gets the same
/// answer.
fn keys(evidence: &Evidence, found: &mut Found) {
    let mut kept: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
    for service in ["billing", "reports", "accounts", "contracts"] {
        kept.insert(service, index(evidence.rows(&format!("{service}.idempotency_keys")), "key"));
    }
    for line in evidence.history.iter().filter(|line| line["key"].is_string()) {
        let Some(service) = keeper(line) else { continue };
        let (key, row) = (text(&line["key"]), kept[service].get(text(&line["key"])));
        if is_accepted(line) {
            found.unless(row.is_some(), "answers", key, || {
                format!("accepted, and {service} does not keep its key: {line}")
            });
        } else if !may_have_happened(line) {
            found.unless(row.is_none(), "answers", key, || {
                format!("not done by every answer, and {service} keeps its key: {line}")
            });
        }
        let Some(row) = row.filter(|_| is_accepted(line) && line["op"] == "void") else { continue };
        let stored: Value = serde_json::from_str(text(&row["response"])).unwrap_or_default();
        found.unless(stored["process_id"] == line["answer"]["process_id"], "answers", key, || {
            format!(
                "the key leads to {}, the client was answered {}",
                stored["process_id"], line["answer"]["process_id"]
            )
        });
    }
}

/// Returns the service that keeps the key of a command; the apis pass it on. `None` if it is no command of a service.
fn keeper(line: &Value) -> Option<&'static str> {
    match text(&line["op"]) {
        "issue" | "void" => Some("billing"),
        "publish" => Some("reports"),
        "open-account" | "close-account" | "transfer" => Some("accounts"),
        "register" | "open-contract" | "sign" | "reconfirm" | "terminate-contract" | "change-rating" => {
            Some("contracts")
        }
        _ => None,
    }
}
