//! Breaches of the rules of the log.

use serde_json::{Value, json};

use crate::proxy::{Answer, Call, Seen, Spoil};

pub(crate) fn all() -> Vec<(&'static str, Spoil)> {
    let mut all = fields();
    all.extend(logs());
    all.extend(reading());
    all.extend(waiting());
    all
}

/// Changes each event of a batch.
macro_rules! events {
    ($change:expr) => {
        Spoil::answers(|call, answer, seen| {
            if call.reads_log() {
                let change: fn(&mut Value, &Seen) = $change;
                answer.events().iter_mut().for_each(|event| change(event, seen));
            }
        })
    };
}

fn fields() -> Vec<(&'static str, Spoil)> {
    vec![
        ("K11", events!(|event, _| event["specversion"] = json!("0.3"))),
        ("K11", events!(|event, _| event["data"] = json!({}))),
        (
            "K11",
            Spoil::answers(|call, answer, _| {
                if call.reads_log() {
                    "application/json".clone_into(&mut answer.media_type);
                }
            }),
        ),
        (
            "K17",
            events!(|event, _| {
                let kind = match event["type"].as_str() {
                    Some("DocumentVoidingAborted") => "DocumentVoidingClosed",
                    Some("DocumentVoidingClosed") => "DocumentVoidingAborted",
                    _ => return,
                };
                event["type"] = json!(kind);
            }),
        ),
        ("K18", events!(|event, _| event["correlationid"] = json!("none"))),
        ("K18", events!(|event, _| event["causationid"] = json!("none"))),
    ]
}

fn logs() -> Vec<(&'static str, Spoil)> {
    vec![
        (
            "K19",
            events!(|event, _| {
                if position(event) % 2 == 0 {
                    event["logid"] = json!("another");
                }
            }),
        ),
        (
            "K20",
            events!(|event, seen| {
                if seen.is_restarted {
                    event["logid"] = json!("another");
                }
            }),
        ),
        (
            "K20",
            events!(|event, seen| {
                if seen.is_restarted {
                    event["sequence"] = json!((position(event) + 1).to_string());
                }
            }),
        ),
    ]
}

fn waiting() -> Vec<(&'static str, Spoil)> {
    vec![
        (
            "K16",
            Spoil::requests(|call, _| {
                call.query.remove("wait");
                None
            }),
        ),
        (
            "K16",
            Spoil::answers(|call, answer, _| {
                if call.query.contains_key("wait") {
                    answer.events().clear();
                }
            }),
        ),
    ]
}

fn reading() -> Vec<(&'static str, Spoil)> {
    vec![
        (
            "K12",
            Spoil::answers(|call, answer, _| {
                if call.reads_log() && answer.events().len() > 1 {
                    answer.events().swap(0, 1);
                }
            }),
        ),
        ("K13", Spoil { before: arm, after: hide }),
        (
            "K14",
            Spoil::requests(|call, _| {
                let after = call.query.get_mut("after").filter(|_| call.path == "/events")?;
                *after = (after.parse::<i64>().unwrap() - 1).max(0).to_string();
                None
            }),
        ),
        (
            "K15",
            Spoil::requests(|call, _| {
                if call.reads_log() && call.query.get("limit").is_some_and(|limit| limit == "1") {
                    call.query.remove("limit");
                }
                None
            }),
        ),
        (
            "K17",
            Spoil::answers(|call, answer, _| {
                if call.reads_log() {
                    answer.events().retain(|event| event["type"] != "DocumentVoidingClosed");
                }
            }),
        ),
    ]
}

fn position(event: &Value) -> i64 {
    event["sequence"].as_str().unwrap().parse().unwrap()
}

/// Arms the breach. The kit reads 1000 events only once: right before many writes.
fn arm(call: &mut Call, seen: &mut Seen) -> Option<Answer> {
    let has_limit = call.query.get("limit").is_some_and(|limit| limit == "1000");
    seen.is_armed |= has_limit;
    seen.is_done |= seen.is_armed && call.issues();
    None
}

/// Hides the first new event: during many writes, it appears after a later one was read.
fn hide(call: &Call, answer: &mut Answer, seen: &mut Seen) {
    if !call.reads_log() {
        return;
    }
    let new = answer.events().iter().map(position).find(|position| *position > seen.highest);
    if seen.is_done && seen.hidden.is_none() {
        seen.hidden = new;
    }
    let last = answer.events().last().map_or(0, position);
    if let Some(hidden) = seen.hidden
        && seen.highest <= hidden
    {
        answer.events().retain(|event| position(event) != hidden);
        if last == hidden {
            return;
        }
    }
    seen.highest = seen.highest.max(last);
}
