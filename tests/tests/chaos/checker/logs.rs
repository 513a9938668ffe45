//! The logs: the route answers what the table contains, without gaps, and each event names its process.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Found,
    words::{number, text},
};
use crate::evidence::Evidence;

const VOIDING: [&str; 7] = [
    "DocumentVoidingRequested",
    "DocumentVoided",
    "DocumentVoidingAborted",
    "DocumentVoidingClosed",
    "MarkingDocumentAsVoidedSucceeded",
    "MarkingDocumentAsVoidedFailed",
    "DocumentUnmarkedAsVoided",
];
const TRANSFER: [&str; 4] = ["MoneyTransferRequested", "MoneyWithdrawn", "MoneyDeposited", "MoneyTransferFailed"];

pub(super) fn check(evidence: &Evidence, found: &mut Found) {
    for (service, log) in &evidence.events {
        let rows = evidence.rows(&format!("{service}.events"));
        let head = evidence.rows(&format!("{service}.event_log")).first();
        let stored: BTreeMap<i64, &Value> = rows.iter().map(|row| (number(&row["position"]), row)).collect();
        found.unless(log.len() == stored.len(), "log", service, || {
            format!("its route answers {} events, its table has {}", log.len(), stored.len())
        });
        let head = head.map_or(0, |row| number(&row["head"]));
        let last = stored.keys().last().copied().unwrap_or_default();
        found.unless(head == last, "log", service, || format!("its head is {head}, its last event {last}"));
        for (place, event) in (1..).zip(log) {
            one(service, place, event, &stored, found);
        }
    }
}

fn one(service: &str, place: i64, event: &Value, stored: &BTreeMap<i64, &Value>, found: &mut Found) {
    let position = number(&event["sequence"]);
    found.unless(position == place, "log", service, || format!("event {position} stands at place {place}"));
    let same = stored.get(&position).is_some_and(|row| {
        let data: Value = serde_json::from_str(text(&row["data"])).unwrap_or_default();
        row["id"] == event["id"] && row["kind"] == event["type"] && data == event["data"]
    });
    found.unless(same, "log", service, || format!("event {position} differs from its row: {event}"));
    let (kind, correlation) = (text(&event["type"]), text(&event["correlationid"]));
    let process = if VOIDING.contains(&kind) {
        text(&event["data"]["process_id"])
    } else if TRANSFER.contains(&kind) {
        text(&event["data"]["transfer_id"])
    } else {
        correlation
    };
    found.unless(!correlation.is_empty() && correlation == process, "V7", service, || {
        format!("event {position} is about {process} and names {correlation:?}")
    });
}
