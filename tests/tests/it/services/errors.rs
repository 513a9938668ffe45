//! Each answer from 400 on is a problem with a stable code.

use serde_json::{Value, json};
use tests::{Env, calls::Target, sample};

use super::on_both_databases;

on_both_databases! {
    a_body_that_is_no_json_is_unreadable,
    a_field_that_is_missing_mistyped_or_impossible_is_named,
    a_path_or_parameter_that_breaks_its_rule_is_refused,
    a_missing_resource_is_not_found,
    other_methods_media_types_and_sizes_are_refused,
    unknown_fields_are_ignored,
    money_is_exact,
}

const BILLING_COMMANDS: [&str; 5] = [
    "/documents",
    "/commands/void-document",
    "/commands/complete-document-voiding",
    "/commands/abort-document-voiding",
    "/commands/close-document-voiding",
];
const REPORTS_COMMANDS: [&str; 3] =
    ["/commands/mark-document-as-voided", "/commands/unmark-document-as-voided", "/commands/publish-report"];

/// Returns each route that accepts a body, with its service.
fn commands(env: &Env) -> Vec<(Target, &'static str)> {
    let (billing, reports) = (env.billing().raw().clone(), env.reports().raw().clone());
    let of_billing = BILLING_COMMANDS.into_iter().map(|path| (billing.clone(), path));
    of_billing.chain(REPORTS_COMMANDS.into_iter().map(|path| (reports.clone(), path))).collect()
}

const JSON: Option<&str> = Some("application/json");

async fn a_body_that_is_no_json_is_unreadable(env: &Env) {
    let bodies: [&[u8]; 7] =
        [b"", b"{", b"{\"document_id\": \"x\"", b"{} {}", b"nonsense", b"{\"document_id\": \"\xff\"}", b"\0"];
    for (target, path) in commands(env) {
        for body in bodies {
            let answer = target.post_bytes(path, JSON, body.to_vec()).await;
            assert_eq!(answer.refusal(), (400, "unreadable-body".to_owned()), "{path} {body:?}");
        }
        let deep = "[".repeat(100_000).into_bytes();
        assert_eq!(target.post_bytes(path, JSON, deep).await.problem().status, 400, "{path}");
    }
}

async fn a_field_that_is_missing_mistyped_or_impossible_is_named(env: &Env) {
    for (target, path) in commands(env) {
        let bodies = ["{}", "[]", "null", "1", "\"x\"", "[\"x\"]", r#"{"document_id": 1, "customer_id": 1}"#];
        for body in bodies {
            let answer = target.post_bytes(path, JSON, body.as_bytes().to_vec()).await;
            assert_eq!(answer.refusal(), (422, "invalid-body".to_owned()), "{path} {body}");
        }
        for bad in ["", "a b", "a/b", "ä", "..", &"x".repeat(129), "<script>"] {
            let body = json!({"document_id": bad, "customer_id": bad, "process_id": bad, "kind": "invoice",
                "total": {"amount": "1", "currency": "EUR"}});
            let answer = target.post::<Value>(path, &body).await;
            assert_eq!(answer.refusal(), (422, "invalid-body".to_owned()), "{path} {bad:?}");
        }
    }
    let billing = env.billing();
    let good = json!({"customer_id": "c", "kind": "invoice", "total": {"amount": "1", "currency": "EUR"}});
    for (field, value) in
        [("kind", json!("bill")), ("kind", json!(null)), ("total", json!("1")), ("customer_id", json!(7))]
    {
        let mut body = good.clone();
        body[field] = value;
        let problem = billing.raw().post::<Value>("/documents", &body).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (422, "invalid-body"), "{body}");
    }
}

async fn a_path_or_parameter_that_breaks_its_rule_is_refused(env: &Env) {
    let (billing, reports) = (env.billing(), env.reports());
    for id in ["%20", "a%20b", "a%2Fb", "%C3%A4", "%FF", &"x".repeat(129)] {
        for (target, path) in [(billing.raw(), "/documents/"), (reports.raw(), "/reports/")] {
            let answer = target.get::<Value>(&format!("{path}{id}")).await;
            assert_eq!(answer.refusal(), (400, "invalid-id".to_owned()), "{path}{id}");
        }
    }
    let own = [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1.5",
        "limit=x",
        "limit=",
        "limit=1&limit=2",
        "cursor=x",
        "cursor=",
        "customer_id=a%20b",
        "customer_id=",
        "status=nonsense",
        "status=",
    ];
    for query in own {
        for (target, path) in [(billing.raw(), "/documents"), (reports.raw(), "/reports")] {
            let answer = target.get::<Value>(&format!("{path}?{query}")).await;
            assert_eq!(answer.refusal(), (400, "invalid-parameter".to_owned()), "{path}?{query}");
        }
    }
    let closed = billing.raw().get::<Value>("/documents?process=closed").await;
    assert_eq!(closed.refusal(), (400, "invalid-parameter".to_owned()));
    for query in
        ["after=-1", "after=x", "after=99999999999999999999", "limit=0", "limit=1001", "wait=31", "wait=-1", "wait=1.5"]
    {
        for target in [billing.raw(), reports.raw()] {
            let answer = target.get::<Value>(&format!("/events?{query}")).await;
            assert_eq!(answer.refusal(), (400, "invalid-parameter".to_owned()), "/events?{query}");
        }
    }
}

async fn a_missing_resource_is_not_found(env: &Env) {
    let (billing, reports) = (env.billing(), env.reports());
    let id = sample::document_id();
    assert_eq!(billing.document(&id).await.refusal(), (404, "document-not-found".to_owned()));
    let report = reports.raw().get::<Value>("/reports/none").await;
    assert_eq!(report.refusal(), (404, "report-not-found".to_owned()));
    assert_eq!(reports.publish(&sample::customer_id()).await.refusal(), (404, "no-open-report".to_owned()));
    for target in [billing.raw(), reports.raw()] {
        for path in ["/", "/nonsense", "/documents/", "/documents/a/b", "/commands", "/events/1"] {
            assert_eq!(target.get::<Value>(path).await.refusal(), (404, "not-found".to_owned()), "{path}");
        }
    }
}

async fn other_methods_media_types_and_sizes_are_refused(env: &Env) {
    for (target, path) in commands(env) {
        let delete = tests::calls::http().delete(format!("{}{path}", target.base()));
        assert_eq!(target.send::<Value>(delete).await.refusal(), (405, "method-not-allowed".to_owned()), "{path}");
        for media_type in [None, Some("text/plain"), Some("nonsense"), Some("multipart/form-data")] {
            let answer = target.post_bytes(path, media_type, b"{}".to_vec()).await;
            assert_eq!(answer.refusal(), (415, "unsupported-media-type".to_owned()), "{path} {media_type:?}");
        }
        let large = format!("{{\"note\": \"{}\"}}", "x".repeat(1 << 20)).into_bytes();
        let answer = target.post_bytes(path, JSON, large).await;
        assert_eq!(answer.refusal(), (413, "body-too-large".to_owned()), "{path}");
    }
    let answer = env.billing().raw().post::<Value>("/events", &json!({})).await;
    assert_eq!(answer.refusal(), (405, "method-not-allowed".to_owned()));
}

async fn unknown_fields_are_ignored(env: &Env) {
    let body = json!({"document_id": "known", "customer_id": "c", "kind": "receipt", "unknown": [{}],
        "total": {"amount": "5", "currency": "JPY", "more": 1}});
    let target = env.billing().raw().clone().header("x-unknown", "1").header("prefer", "nonsense=;;");
    assert_eq!(target.post::<Value>("/documents?unknown=%zz", &body).await.status(), 201);
    assert_eq!(target.get::<Value>("/documents/known?unknown").await.status(), 200);
    assert_eq!(target.get::<Value>("/events?unknown=1&after=0").await.status(), 200);
    let with_charset = Some("application/json; charset=utf-8");
    let body = br#"{"document_id": "known"}"#.to_vec();
    assert_eq!(target.post_bytes("/commands/void-document", with_charset, body).await.status(), 202);
}

async fn money_is_exact(env: &Env) {
    let issue = async |amount: Value, currency: &str| {
        let body =
            json!({"customer_id": "c", "kind": "credit-note", "total": {"amount": amount, "currency": currency}});
        env.billing().raw().post::<Value>("/documents", &body).await
    };
    let good = [
        ("12.3", "EUR", "12.30"),
        ("-0.01", "EUR", "-0.01"),
        ("007", "JPY", "7"),
        ("1", "KWD", "1.000"),
        ("-0", "EUR", "0.00"),
        ("92233720368547758.07", "EUR", "92233720368547758.07"),
    ];
    for (amount, currency, shown) in good {
        let total = issue(json!(amount), currency).await.ok_as(201)["total"].clone();
        assert_eq!(total, json!({"amount": shown, "currency": currency}));
    }
    let bad = [
        ("1.234", "EUR"),
        ("1.0", "JPY"),
        ("1e3", "EUR"),
        ("+1", "EUR"),
        (".5", "EUR"),
        ("1.", "EUR"),
        ("", "EUR"),
        ("1,5", "EUR"),
        (" 1", "EUR"),
        ("92233720368547758.08", "EUR"),
        ("1", "XXXX"),
        ("1", "eur"),
        ("1", ""),
    ];
    for (amount, currency) in bad {
        assert_eq!(
            issue(json!(amount), currency).await.refusal(),
            (422, "invalid-body".to_owned()),
            "{amount} {currency}"
        );
    }
    assert_eq!(issue(json!(12.34), "EUR").await.refusal(), (422, "invalid-body".to_owned()), "a number is not exact");
}
