//! The checker can fail: it names a fault of each kind, planted into a small run that keeps every rule.

mod contracts;
mod made_up;
mod money;
mod voidings;

use serde_json::Value;

use crate::{
    checker::{check, lines},
    evidence::Evidence,
};
use made_up::made_up;

/// Asserts that the checker names a broken rule, about this subject, in a run with a fault from `plant`.
#[track_caller]
fn finds(rule: &str, about: &str, plant: impl FnOnce(&mut Evidence)) {
    let mut evidence = made_up();
    plant(&mut evidence);
    let found = check(&evidence);
    let is_named = found.iter().any(|violation| violation.rule == rule && violation.about.contains(about));
    assert!(is_named, "no {rule} about {about}: {found:#?}");
}

/// Returns the row of a table that has this value in this field.
fn row<'a>(evidence: &'a mut Evidence, table: &str, field: &str, value: &str) -> &'a mut Value {
    let rows = evidence.tables.get_mut(table).unwrap();
    rows.iter_mut().find(|row| row[field] == value).unwrap()
}

/// Returns the request of this kind whose body or path contains this subject.
fn request<'a>(evidence: &'a mut Evidence, op: &str, about: &str) -> &'a mut Value {
    let names = |line: &Value| line["body"].to_string().contains(about) || line["path"].to_string().contains(about);
    evidence.history.iter_mut().find(|line| line["op"] == op && names(line)).unwrap()
}

fn run<'a>(evidence: &'a mut Evidence, workflow: &str) -> &'a mut Value {
    evidence.runs.iter_mut().find(|run| run["workflow"] == workflow).unwrap()
}

/// Removes an event from the log and its table, as if it had never been recorded.
fn lose_event(evidence: &mut Evidence, service: &str, kind: &str, about: &str) {
    let is_it = |event: &Value| event["type"] == kind && event["data"].to_string().contains(about);
    let kept = evidence.events[service].iter().filter(|event| !is_it(event)).cloned().collect();
    made_up::renumber(evidence, service, kept);
}

/// Records an event at the end of a log.
fn record(evidence: &mut Evidence, service: &str, kind: &str, correlation: &str, data: Value) {
    let mut events = evidence.events[service].clone();
    events.push(made_up::event(kind, correlation, data));
    made_up::renumber(evidence, service, events);
}

/// Records the last event of this type and subject once more.
fn repeat(evidence: &mut Evidence, service: &str, kind: &str, about: &str) {
    let is_it = |event: &&Value| event["type"] == kind && event["data"].to_string().contains(about);
    let event = evidence.events[service].iter().rev().find(is_it).unwrap().clone();
    record(evidence, service, kind, event["correlationid"].as_str().unwrap(), event["data"].clone());
}

#[test]
fn the_made_up_run_keeps_every_rule() {
    assert_eq!(check(&made_up()), []);
}

#[test]
fn a_gap_in_a_log_and_a_log_that_differs_from_its_table_are_found() {
    finds("log", "accounts", |evidence| {
        let log = evidence.events.get_mut("accounts").unwrap();
        log.remove(1);
    });
    finds("log", "billing", |evidence| {
        evidence.events.get_mut("billing").unwrap()[0]["data"]["kind"] = "receipt".into();
    });
    finds("log", "reports", |evidence| evidence.tables.get_mut("reports.event_log").unwrap()[0]["head"] = 99.into());
}

#[test]
fn events_commands_and_log_lines_that_do_not_name_their_process_are_found() {
    finds("V7", "billing", |evidence| {
        let event = evidence.events.get_mut("billing").unwrap().iter_mut().find(|it| it["type"] == "DocumentVoided");
        event.unwrap()["correlationid"] = "another".into();
    });
    finds("V7", "/commands/mark", |evidence| evidence.commands[0]["correlation"] = Value::Null);
    let line = "INFO request{service=\"reports\"}: POST /commands/mark-document-as-voided status=200";
    assert_eq!(lines::wrong("reports", line), Some("no process"));
    let line = "INFO request{service=\"reports\" correlation_id=P1}: POST /commands/mark-document-as-voided status=200";
    assert_eq!(lines::wrong("reports", line), None);
}

#[test]
fn a_panic_and_a_program_that_ends_by_one_are_found() {
    assert_eq!(lines::wrong("worker-1", "thread 'main' panicked at src/lib.rs:1:1"), Some("panic"));
    let end = serde_json::json!({"program": "api-1", "end": "Exit(101)"});
    finds("program", "api-1", |evidence| evidence.ends.push(end));
}
