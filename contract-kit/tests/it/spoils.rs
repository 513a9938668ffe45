//! A breach of each rule.

mod log;
mod own;

use contract_kit::Kind;
use serde_json::json;

use crate::proxy::{Answer, Spoil};

/// Pairs of rules: a breach of the first hides one of the second, or looks like one.
const HIDES: &[(&str, &str)] = &[
    ("K4", "B4"),
    ("B4", "K17"),
    ("B4", "K20"),
    ("K5", "B2"),
    ("K5", "B3"),
    ("K1", "B3"),
    ("K12", "K13"),
    ("K12", "K14"),
    ("K13", "K14"),
    ("R3", "R5"),
    ("R3", "R6"),
    ("R5", "R6"),
];

/// A breach of a rule of a service.
pub(crate) type Row = (&'static str, Kind, Spoil);

/// Returns the breaches in groups that one check can show.
pub(crate) fn groups() -> Vec<Vec<Row>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in all() {
        let hides = |(one, _, _): &Row, (other, _, _): &Row| one == other || HIDES.contains(&(*one, *other));
        let is_beside = |group: &&mut Vec<Row>| {
            group.iter().all(|other| row.1 == other.1 && !hides(&row, other) && !hides(other, &row))
        };
        match groups.iter_mut().find(is_beside) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Returns all breaches, with the rule that each breaks.
pub(crate) fn all() -> Vec<Row> {
    let of_commands =
        keys().into_iter().chain(long_keys()).chain(bodies()).map(|(id, spoil)| (id, Kind::Billing, spoil));
    let of_logs = log::all().into_iter().map(|(id, spoil)| (id, Kind::Billing, spoil));
    of_commands.chain(of_logs).chain(own::all()).collect()
}

pub(crate) fn problem(status: u16, code: &str) -> Answer {
    Answer { status, media_type: "application/problem+json".to_owned(), body: json!({"status": status, "code": code}) }
}

fn keys() -> Vec<(&'static str, Spoil)> {
    vec![
        (
            "K1",
            Spoil::answers(|call, answer, _| {
                if call.is("abort-document-voiding") && call.times == 2 && answer.status == 200 {
                    answer.status = 202;
                }
            }),
        ),
        (
            "K2",
            Spoil::answers(|call, answer, _| {
                if call.issues() && call.times >= 4 {
                    answer.status = 200;
                }
            }),
        ),
        (
            "K3",
            Spoil::answers(|_, answer, _| {
                if answer.code() == "idempotency-key-reused" {
                    *answer = Answer { status: 200, media_type: "application/json".to_owned(), body: json!({}) };
                }
            }),
        ),
        (
            "K4",
            Spoil {
                before: |call, seen| seen.answers.get(call.key.as_ref()?).cloned(),
                after: |call, answer, seen| {
                    if call.is("void-document") && answer.status == 404 {
                        seen.answers.insert(call.key.clone().unwrap(), answer.clone());
                    }
                },
            },
        ),
    ]
}

fn long_keys() -> Vec<(&'static str, Spoil)> {
    vec![
        (
            "K7",
            Spoil::requests(|call, _| {
                let key: String = call.key.take()?.chars().take(200).collect();
                call.key = Some(key);
                None
            }),
        ),
        (
            "K7",
            Spoil::requests(|call, _| {
                call.key = call.key.take().map(|key| key.to_lowercase());
                None
            }),
        ),
    ]
}

fn bodies() -> Vec<(&'static str, Spoil)> {
    vec![
        (
            "K5",
            Spoil::answers(|_, answer, _| {
                if answer.status == 409 {
                    "application/json".clone_into(&mut answer.media_type);
                }
            }),
        ),
        (
            "K6",
            Spoil::answers(|call, answer, _| {
                if call.path.ends_with("knows-no-such-command") {
                    answer.body["code"] = json!("no-such-command");
                }
            }),
        ),
        ("K8", Spoil::requests(|call, _| call.body().get("contract_kit").map(|_| problem(422, "invalid-body")))),
        (
            "K9",
            Spoil::answers(|call, answer, _| {
                if call.issues() && matches!(answer.code(), "invalid-body" | "unreadable-body") {
                    *answer = problem(500, "internal");
                }
            }),
        ),
        (
            "K21",
            Spoil::requests(|call, seen| {
                if seen.is_restarted {
                    call.key = call.key.take().map(|key| format!("{key}-2"));
                }
                None
            }),
        ),
    ]
}
