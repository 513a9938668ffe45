//! Bodies that break a rule, each in one way.

use serde_json::{Value, json};

use super::routes::{Body, Known, Route};

/// A body, and what is wrong with it.
pub(super) type BadBody = (String, Vec<u8>);

/// Returns the bodies for the route that are JSON but break a rule of a field.
pub(super) fn of_fields(route: &Route, body: &Body, known: &Known) -> Vec<BadBody> {
    let mut bodies = Vec::new();
    add_fields(&mut bodies, "", &body.schema, &body.valid, known);
    for (name, amount) in [("zero", "0.00"), ("less than zero", "-1.00")] {
        let moves = ["withdraw", "deposit", "request"].iter().any(|word| route.template.contains(word));
        if moves && body.valid["amount"].is_object() {
            bodies.push((name.to_owned(), replaced(&body.valid, "/amount/amount", &json!(amount).to_string())));
        }
    }
    if body.valid["initial_balance"].is_object() {
        bodies.push(("in debt".to_owned(), replaced(&body.valid, "/initial_balance/amount", "\"-0.01\"")));
    }
    if body.schema["additionalProperties"] == false {
        let mut unknown = body.valid.clone();
        unknown["unknown"] = json!(1);
        bodies.push(("an unknown field".to_owned(), unknown.to_string().into_bytes()));
    }
    bodies
}

/// Adds bodies. `place` is the pointer to the object with this schema.
fn add_fields(bodies: &mut Vec<BadBody>, place: &str, schema: &Value, valid: &Value, known: &Known) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, field) in schema["properties"].as_object().unwrap() {
        let pointer = format!("{place}/{name}");
        let mut add = |what: &str, body: Vec<u8>| {
            let what: String = what.chars().take(60).collect();
            bodies.push((format!("{pointer}: {what}"), body));
        };
        if required.contains(&json!(name)) {
            let mut without = valid.clone();
            without.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(name);
            add("missing", without.to_string().into_bytes());
        }
        if field["nullable"] != true {
            add("null", replaced(valid, &pointer, "null"));
        }
        let own = valid.pointer(&pointer).unwrap();
        let object = valid.pointer(place).unwrap().to_string();
        let twice = format!("{{\"{name}\":{own},{}", &object[1..]);
        add("twice", if place.is_empty() { twice.into_bytes() } else { replaced(valid, place, &twice) });
        for wrong in wrong(name, field, known) {
            add(&wrong, replaced(valid, &pointer, &wrong));
        }
        if field["type"] == "object" {
            add_fields(bodies, &pointer, field, valid, known);
        }
    }
}

/// Returns the body with another text instead of a value.
fn replaced(body: &Value, pointer: &str, text: &str) -> Vec<u8> {
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = json!("@here@");
    body.to_string().replace("\"@here@\"", text).into_bytes()
}

/// Texts that are never the value of a field, separated by spaces; some of them are not JSON.
const NEVER: &str = r#"true [] [null] [{}] 1e400 -1 @ NaN 'x' "\ud800" "\x""#;
const NO_OBJECT: &str = r#""x" 7 {} ["1.00","EUR"]"#;
const NO_INTEGER: &str = r#"{} "1" 1.5 1e1 0 01 +1 0x1 4294967296 99999999999999999999"#;
const NO_NUMBER: &str = r#"{} "1" 1000.1 0.001 1e300 Infinity .5 5."#;
const NO_TEXT: &str = r#"{} 7 1.5 {"a":1} "\udc00\ud800" ["x"]"#;
const NO_NAMES: [&str; 11] = ["", " ", "a b", "a/b", "..", "ä", "a\0", "\n", "<script>", "\u{202e}", "\u{feff}a"];

/// Returns JSON texts that are not values of the field.
fn wrong(name: &str, field: &Value, known: &Known) -> Vec<String> {
    let own = |texts: &str| texts.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut wrong = own(NEVER);
    wrong.push(format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500)));
    wrong.push("\"\t\"".to_owned());
    match field["type"].as_str().unwrap_or_default() {
        "object" => wrong.extend(own(NO_OBJECT)),
        "integer" => {
            wrong.extend(own(NO_INTEGER));
            wrong.extend(field["maximum"].as_i64().map(|most| (most + 1).to_string()));
        }
        "number" => wrong.extend(own(NO_NUMBER)),
        _ => {
            wrong.extend(own(NO_TEXT));
            wrong.extend(of_text(name, field, known));
        }
    }
    // `tolerated` may be a number as well.
    wrong.retain(|text| (name, text.as_str()) != ("tolerated", "7"));
    wrong
}

/// Returns JSON texts that have the right type, but break the field's rule.
fn of_text(name: &str, field: &Value, known: &Known) -> Vec<String> {
    let names: Vec<_> = field["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut texts = of_format(name);
    if known.contains_key(name) || !names.is_empty() {
        texts.extend(NO_NAMES.map(str::to_owned));
        texts.extend(["x".repeat(129), "😀".repeat(20_000)]);
    }
    for name in &names {
        texts.extend([format!("{name} "), name.to_lowercase(), name.to_uppercase()]);
    }
    let most = field["maxLength"].as_u64().map(|most| usize::try_from(most).unwrap());
    texts.extend(most.map(|most| "é".repeat(most + 1)));
    texts.retain(|text| !names.contains(&text.as_str()));
    texts.iter().map(|text| json!(text).to_string()).collect()
}

/// Returns texts that break the rule of a field's format.
fn of_format(name: &str) -> Vec<String> {
    let texts: &[&str] = match name {
        "amount" => {
            &["1.234", "1e3", "+1", ".5", "1.", "", "1,5", " 1", "1 ", "92233720368547758.08", "NaN", "١", "1\0", "--1"]
        }
        "currency" => &["", "eur", "E", "XXXX", "EUR ", "€", "EU\0", "ZZZ"],
        "by" => &["", "0s", "-7d", "7", "999ms", "3651d", "99999999999999999999d", "soon", "7 d x", "1d\0"],
        "tolerated" => &["", "-1", "101%", "x", "1e3%", "NaN%", "1\0", "99999999999999999999"],
        // PostgreSQL cannot store it.
        "owner" | "reason" => &["a\0b"],
        _ => &[],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Returns bodies that are not JSON objects at all.
pub(super) fn unreadable(body: &Body) -> Vec<BadBody> {
    let good = body.valid.to_string();
    let bytes = |text: &str| text.as_bytes().to_vec();
    let deep = format!("{{\"unknown\":{}", "[".repeat(100_000));
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bodies: Vec<BadBody> = [
        ("half", bytes(&good[..good.len() - 1])),
        ("twice", bytes(&format!("{good} {good}"))),
        ("followed by text", bytes(&format!("{good}x"))),
        ("followed by NUL", bytes(&format!("{good}\0"))),
        ("after a byte order mark", bytes(&format!("\u{feff}{good}"))),
        ("after NUL", bytes(&format!("\0{good}"))),
        ("after the prefix of another format", bytes(&format!(")]}}',\n{good}"))),
        ("UTF-16", utf16),
        ("not UTF-8", [good.as_bytes(), b"\xff"].concat()),
        ("not UTF-8 in a field", [&b"{\"unknown\":\"\xc3\x28\","[..], &good.as_bytes()[1..]].concat()),
        ("overlong UTF-8", [&b"{\"unknown\":\"\xc0\x80\","[..], &good.as_bytes()[1..]].concat()),
        ("a surrogate in UTF-8", [&b"{\"unknown\":\"\xed\xa0\x80\","[..], &good.as_bytes()[1..]].concat()),
        ("a control character", bytes(&format!("{{\"unknown\":\"\u{1}\",{}", &good[1..]))),
        ("a comma too many", bytes(&format!("{},}}", &good[..good.len() - 1]))),
        ("a comment", bytes(&format!("/* x */{good}"))),
        ("single quotes", bytes(&good.replace('"', "'"))),
        ("a list", bytes(&format!("[{good}]"))),
        ("a text", bytes(&json!(good).to_string())),
        ("null", bytes("null")),
        ("a number", bytes("1e999")),
        ("true", bytes("true")),
        ("an empty list", bytes("[]")),
        ("nothing but spaces", bytes(" \n\t ")),
        ("a form", bytes("document_id=x&customer_id=x")),
        ("XML", bytes("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>")),
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0]),
        ("too deep", bytes(&deep)),
    ]
    .map(|(what, body)| (what.to_owned(), body))
    .into();
    if !body.is_optional {
        bodies.push(("nothing".to_owned(), Vec::new()));
    }
    bodies
}
