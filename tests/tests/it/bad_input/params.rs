//! Paths and query parameters that break a rule.

use serde_json::{Value, json};
use service_kit::cursor;

use super::{
    routes::{Known, Route},
    rows::{Row, valid},
};

/// Texts that are not ids, encoded for a path or a query.
const NO_IDS: [&str; 30] = [
    "%20",
    "a%20b",
    "a%2Fb",
    "%C3%A4",
    "%FF",
    "%00",
    "a%00",
    "%0A",
    "%0D%0Ax",
    "%zz",
    "%2",
    "a%27b",
    "%22",
    "%3Cscript%3E",
    "%2e%2e",
    "%2e",
    "..%2F..%2Fetc%2Fpasswd",
    "%252e%252e",
    "a%2Bb",
    "a;b",
    "a,b",
    "a:b",
    "a@b",
    "a$b",
    "~",
    "*",
    "%F0%9F%98%80",
    "%E2%80%AE",
    "%EF%BB%BFa",
    "%ED%A0%80",
];

/// Returns paths that are not routes.
pub(super) fn paths(route: &Route) -> Vec<Row> {
    let path = &route.path;
    let upper = path.replacen(&path[1..2], &path[1..2].to_uppercase(), 1);
    let encoded = format!("/%{:02x}{}", path.as_bytes()[1], &path[2..]);
    let paths = [
        format!("{path}/"),
        format!("{path}/x/y"),
        format!("/{path}"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/%2e%2e{path}"),
        format!("/..;{path}"),
        upper,
        encoded,
        format!("/%2f{}", &path[1..]),
        format!("{path}/.."),
        format!("{path}/%2e%2e/%2e%2e/etc/passwd"),
    ];
    paths
        .iter()
        .map(|path| Row::problem(format!("path {path}"), &valid(route).target(path), &[400, 404, 405]))
        .collect()
}

/// Returns paths with something other than an id.
pub(super) fn ids(route: &Route) -> Vec<Row> {
    let Some((start, rest)) = route.template.split_once('{') else { return Vec::new() };
    let end = rest.split_once('}').map_or("", |(_, end)| end);
    let mut ids: Vec<String> = NO_IDS.iter().map(|id| (*id).to_owned()).collect();
    ids.extend(["..".to_owned(), ".".to_owned(), "x".repeat(129), "x".repeat(5_000), "%41".repeat(10_000)]);
    let row = |id: &String| {
        let shown: String = id.chars().take(40).collect();
        Row::problem(format!("id {shown}"), &valid(route).target(&format!("{start}{id}{end}")), &[400])
    };
    let mut rows: Vec<_> = ids.iter().map(row).collect();
    // An empty text between two slashes is an id that breaks the rule.
    rows.push(Row::problem("no id", &valid(route).target(&format!("{start}{end}")), &[400, 404]));
    rows
}

/// Returns query parameters that break a rule.
pub(super) fn queries(route: &Route, known: &Known) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, schema) in &route.query {
        let mut values = wrong(name, schema, known);
        if name == "cursor" {
            values.extend(forged(&route.template, known));
        }
        let mut add = |query: &str| {
            let shown: String = query.chars().take(80).collect();
            let request = valid(route).target(&format!("{}?{query}", route.path));
            rows.push(Row::problem(format!("query {shown}"), &request, &[400]));
        };
        values.iter().for_each(|value| add(&format!("{name}={value}")));
        add(name);
        add(&format!("{name}=1&{name}=1"));
        add(&format!("unknown=%zz&{name}=%00&&=&"));
    }
    rows
}

fn wrong(name: &str, schema: &Value, known: &Known) -> Vec<String> {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut wrong =
        own(&["", "%00", "%FF", "%zz", "%20", "%0A", "%E2%80%AE", "null", "undefined", "%27%20OR%201%3D1--"]);
    match schema["type"].as_str().unwrap_or_default() {
        "integer" => {
            wrong.extend(own(&["-1", "1.5", "1e1", "0x1", "%2B1", "1%20", "%D9%A1", "9223372036854775808", "NaN"]));
            wrong.push("9".repeat(5_000));
            wrong.extend(schema["minimum"].as_i64().map(|least| (least - 1).to_string()));
            wrong.extend(schema["maximum"].as_i64().map(|most| (most + 1).to_string()));
        }
        "boolean" => wrong.extend(own(&["yes", "1", "0", "TRUE", "true%00", "true,false", "%22true%22"])),
        _ if known.contains_key(name) => {
            wrong.retain(|text| !["null", "undefined"].contains(&text.as_str()));
            wrong.extend(NO_IDS.iter().map(|id| (*id).to_owned()));
            wrong.push("x".repeat(129));
        }
        _ => {
            wrong.extend(own(&["x", "OPEN", "0000000000000000", "00000000000000007b7d", "zzzzzzzzzzzzzzzz7b7d"]));
            wrong.push("f".repeat(20_000));
        }
    }
    wrong
}

/// Returns cursors with a valid checksum, which is no secret, that no list has handed out.
fn forged(template: &str, known: &Known) -> Vec<String> {
    let scope = template.trim_start_matches('/');
    let key = |at: &str, id: &str| json!({"at": at, "id": id});
    let now = "2026-01-01T00:00:00Z";
    let keys = [
        key(now, "a\0"),
        key(now, ""),
        key(now, "a b"),
        key(now, &"x".repeat(129)),
        key("+262142-12-31T23:59:59Z", "a"),
        key("-262143-01-01T00:00:00Z", "a"),
        key("yesterday", "a"),
        json!({"at": 7, "id": 7}),
        json!({}),
        json!(null),
        json!([[[]]]),
        json!("no token"),
        json!("\u{0}\u{ff}"),
        json!("😀"),
    ];
    let of_this = keys.iter().map(|key| cursor::encode(scope, key).unwrap());
    let of_another = ["documents", "reports", "accounts"].into_iter().filter(|other| *other != scope);
    let of_another = of_another.map(|other| cursor::encode(other, &key(now, "a")).unwrap());
    let of_affected = if scope.ends_with("/contracts") { of_affected(&known["customer_id"]) } else { Vec::new() };
    of_this.chain(of_another).chain(of_temporal(scope)).chain(of_affected).collect()
}

/// Returns cursors for a credit change's contracts. They hold a cursor of Contracts, a token of Temporal, or a place.
fn of_affected(customer: &str) -> Vec<String> {
    let nul = cursor::encode("contracts", &json!({"at": "2026-01-01T00:00:00Z", "id": "a\0"})).unwrap();
    let keys = [
        json!({"Contracts": "x"}),
        json!({"Contracts": nul}),
        json!({"Overdue": [1, 2]}),
        json!({"Overdue": []}),
        json!({"Refused": [0, 0]}),
        json!({"Refused": [u64::MAX, u64::MAX]}),
        json!({"Refused": [-1, 0]}),
        json!({"Nothing": 1}),
    ];
    keys.iter().map(|key| cursor::encode(&format!("credit-change {customer} None"), key).unwrap()).collect()
}

/// Returns cursors of the api. They hold Temporal's tokens; their scope also contains the filters.
fn of_temporal(scope: &str) -> Vec<String> {
    let tokens = [json!("no token"), json!("{\"CloseTime\":1}"), json!("\u{0}"), json!("ÿ"), json!("😀"), json!(7)];
    let scope = format!("{scope} None None");
    tokens.iter().map(|token| cursor::encode(&scope, token).unwrap()).collect()
}
