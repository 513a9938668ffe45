//! A breach of each rule.

mod log;
mod own;

use contract_kit::Kind;
use serde_json::json;

use crate::proxy::{Answer, Spoil};

/// The rule that each breaks.
pub(crate) fn all() -> Vec<(&'static str, Kind, Spoil)> {
    let of_commands = keys().into_iter().chain(bodies()).map(|(id, spoil)| (id, Kind::Billing, spoil));
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
        (
            "K7",
            Spoil::requests(|call, _| {
                let key: String = call.key.take()?.chars().take(200).collect();
                call.key = Some(key);
                None
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
