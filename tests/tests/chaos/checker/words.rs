//! Reads values of JSON.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The statuses of runs that somebody terminates or cancels.
pub(super) const ENDED_BY_HAND: [&str; 2] = ["TERMINATED", "CANCELED"];

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns a time, which may have any number of decimals.
pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    text(value).parse().ok()
}

/// Returns a number, given as such or as text.
pub(super) fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

/// Returns whether it is true in JSON or in SQLite.
pub(super) fn is_true(value: &Value) -> bool {
    value == true || value == 1
}

/// Returns the minor units of an amount of money. Each currency has a fixed number of decimals, and all are written.
pub(super) fn minor(money: &Value) -> i64 {
    text(&money["amount"]).replace('.', "").parse().unwrap_or(i64::MIN)
}

pub(super) fn currency(money: &Value) -> &str {
    text(&money["currency"])
}

/// Groups rows by the value of a field.
pub(super) fn group<'a>(rows: &'a [Value], field: &str) -> BTreeMap<&'a str, Vec<&'a Value>> {
    let mut groups: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        groups.entry(text(&row[field])).or_default().push(row);
    }
    groups
}

/// Returns rows by the value of a unique field.
pub(super) fn index<'a>(rows: &'a [Value], field: &str) -> BTreeMap<&'a str, &'a Value> {
    rows.iter().map(|row| (text(&row[field]), row)).collect()
}

/// Returns events of one type, by a field of their data.
pub(super) fn events<'a>(log: &'a [Value], kind: &str, field: &str) -> BTreeMap<&'a str, Vec<&'a Value>> {
    let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for event in log.iter().filter(|event| event["type"] == kind) {
        found.entry(text(&event["data"][field])).or_default().push(event);
    }
    found
}

/// Returns whether a request was accepted.
pub(super) fn is_accepted(line: &Value) -> bool {
    line["status"].as_u64().is_some_and(|status| (200..300).contains(&status))
}

/// Returns whether a request may have taken effect: it was accepted, or an attempt has no answer that rules it out.
pub(super) fn may_have_happened(line: &Value) -> bool {
    is_accepted(line) || line["attempts"].as_array().into_iter().flatten().any(|attempt| !says_no(attempt))
}

/// Returns whether the answer rules an effect out: a refusal, or a 503 with a code. If Temporal did not answer, a
/// signal may have arrived.
fn says_no(attempt: &Value) -> bool {
    let says = attempt["code"].as_str().is_some_and(|code| code != "temporal-unavailable");
    says && attempt["status"].as_u64().is_some_and(|status| status == 503 || (400..500).contains(&status))
}
