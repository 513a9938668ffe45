//! Breaches of each service's own rules.

use contract_kit::Kind::{Accounts, Billing, Contracts, Reports};
use serde_json::json;

use super::Row;
use crate::proxy::Spoil;

pub(crate) fn all() -> Vec<Row> {
    [billing(), reports(), accounts(), contracts()].concat()
}

/// Answers one code instead of another.
macro_rules! code {
    ($code:literal) => {
        Spoil::answers(|_, answer, _| {
            if answer.code() == $code {
                answer.body["code"] = json!("another-code");
            }
        })
    };
}

/// Changes the successes of a command.
macro_rules! success {
    ($command:literal, $change:expr) => {
        Spoil::answers(|call, answer, _| {
            if call.is($command) && answer.status < 300 {
                let change: fn(&mut crate::proxy::Answer) = $change;
                change(answer);
            }
        })
    };
}

/// Changes what is read at a path.
macro_rules! read {
    ($path:literal, $change:expr) => {
        Spoil::answers(|call, answer, _| {
            if call.key.is_none() && call.path.starts_with($path) && answer.status == 200 {
                let change: fn(&mut serde_json::Value) = $change;
                change(&mut answer.body);
            }
        })
    };
}

fn billing() -> Vec<Row> {
    let keys_first = Spoil {
        before: |call, seen| seen.answers.get(call.key.as_ref()?).cloned(),
        after: |call, answer, seen| {
            if call.is("abort-document-voiding") && answer.status == 200 {
                seen.answers.insert(call.key.clone().unwrap(), answer.clone());
            }
        },
    };
    // The first calls are refused, accepted, repeated at once, and late.
    let key_forgotten = Spoil::requests(|call, _| {
        if call.is("void-document") && call.times >= 4 {
            call.key = call.key.take().map(|key| format!("{key}-2"));
        }
        None
    });
    let no_list = Spoil::answers(|call, answer, _| {
        if call.query.contains_key("process") {
            answer.body = json!({"items": [], "next_cursor": null});
        }
    });
    vec![
        ("B1", Billing, success!("void-document", |answer| answer.status = 200)),
        ("B2", Billing, code!("aborted")),
        ("B3", Billing, keys_first),
        ("B4", Billing, key_forgotten),
        ("B5", Billing, no_list),
        ("B6", Billing, read!("/documents/", |body| body["process_id"] = json!("another"))),
    ]
}

fn reports() -> Vec<Row> {
    let marks_late = Spoil::requests(|call, seen| {
        let body = call.body();
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let pair = (text("document_id"), text("process_id"));
        if call.is("unmark-document-as-voided") {
            seen.pairs.insert(pair);
        } else if call.is("mark-document-as-voided") && seen.pairs.contains(&pair) {
            let mut late = body.clone();
            late["process_id"] = json!(format!("{}-late", pair.1));
            call.text = late.to_string();
            call.key = None;
        }
        None
    });
    let no_totals = read!("/reports", |body| {
        for report in body["items"].as_array_mut().into_iter().flatten() {
            report["totals"] = json!([]);
        }
    });
    vec![
        ("R1", Reports, success!("mark-document-as-voided", |answer| answer.body["customer_id"] = json!("another"))),
        ("R2", Reports, code!("marked-by-another-process")),
        ("R3", Reports, success!("unmark-document-as-voided", |answer| answer.status = 202)),
        ("R4", Reports, marks_late),
        ("R5", Reports, code!("report-published")),
        ("R6", Reports, no_totals),
    ]
}

fn accounts() -> Vec<Row> {
    let fault = Spoil::answers(|_, answer, _| {
        if answer.code() == "insufficient-funds" {
            answer.status = 500;
        }
    });
    vec![
        ("A1", Accounts, code!("already-settled")),
        ("A2", Accounts, fault),
        ("A3", Accounts, read!("/accounts/", |body| body["balance"]["amount"] = json!("0.00"))),
    ]
}

fn contracts() -> Vec<Row> {
    vec![
        ("C1", Contracts, code!("credit-rating-unchanged")),
        ("C2", Contracts, success!("revoke-customer-contract", |answer| answer.body["status"] = json!("active"))),
        ("C3", Contracts, code!("contract-not-affected")),
        ("C4", Contracts, success!("remind-customer", |answer| answer.status = 201)),
        ("C5", Contracts, success!("sign-contract", |answer| answer.body["status"] = json!("pending"))),
        ("C6", Contracts, read!("/contracts", |body| body["items"] = json!([]))),
    ]
}
