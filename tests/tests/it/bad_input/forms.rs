//! Forms of the console: those that no page of ours has sent, and those of our pages with a field that breaks a rule.

use super::{
    routes::{Known, Route},
    rows::Row,
    wire::{Expected, JSON, Request},
};

const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Fields with texts that break no rule. `{…}` is the id of an existing thing. A field with `?` may be absent.
type Fields = &'static [(&'static str, &'static str)];

/// The forms that the console accepts, with their fields. Only the selection names a failure that waits.
pub(super) const FORMS: [(&str, Fields); 10] = [
    ("/console/acknowledge", &[("document_id", "{document_id}"), ("failure_id", "x/1"), NAME, NOTE]),
    ("/console/retry", &[("document_id", "{document_id}"), ("failure_id", "x/1")]),
    ("/console/instance/acknowledge", &[MANAGER, INSTANCE, ("failure_id", "x/1"), NAME, NOTE]),
    ("/console/instance/retry", &[MANAGER, INSTANCE, ("failure_id", "x/1")]),
    ("/console/instance/instruct", &[MANAGER, INSTANCE, ("instruction", "ExtendDeadline"), ("by", "7d")]),
    ("/console/credit-change", &[("customer_id", "{customer_id}"), ("steer", "limits"), ("in_flight?", "3")]),
    ("/console/selection", &[("selected", "{selected}"), ("action", "acknowledge")]),
    ("/console/void", &[("document_id", "{document_id}")]),
    ("/console/publish", &[("customer_id", "{customer_id}"), ("report_id", "{report_id}")]),
    ("/console/issue", &[("customer_id", "new"), ("kind?", "receipt"), ("amount", "1.00"), CURRENCY, DOCUMENT]),
];
const MANAGER: (&str, &str) = ("manager", "ContractConfirmation");
const INSTANCE: (&str, &str) = ("process_id", "{contract_id}");
const NAME: (&str, &str) = ("acknowledged_by?", "alex");
const NOTE: (&str, &str) = ("note?", "x");
const CURRENCY: (&str, &str) = ("currency", "EUR");
const DOCUMENT: (&str, &str) = ("document_id?", "new");

/// Texts that break the rule of each field, as a form encodes them.
const WRONG: [&str; 8] =
    ["", "a+b", "a%00b", "%3Cscript%3Ealert(1)%3C/script%3E", "%FF", "..", "%E2%80%AE", "a%0D%0Ab"];

/// Returns the rows of a route that accepts a form.
pub(super) fn rows(route: &Route, known: &Known) -> Vec<Row> {
    let mut rows = forged(route);
    let (_, fields) = FORMS.into_iter().find(|(path, _)| *path == route.path).unwrap();
    for (name, _) in fields {
        // Any text is a valid note or name if it is not too long.
        let wrong = if [NAME, NOTE].iter().any(|(any, _)| any == name) { &[][..] } else { &WRONG };
        for text in wrong.iter().filter(|text| !(text.is_empty() && name.ends_with('?'))) {
            rows.push(by_script(route, format!("field {name} {text:?}"), filled(fields, known, name, text)));
        }
        let long = [("%F0%9F%98%80", 2_001), ("x", 900_000)];
        for (what, times) in &long[..if *name == fields[0].0 { 2 } else { 1 }] {
            let form = filled(fields, known, name, &what.repeat(*times));
            rows.push(by_script(route, format!("field {name} of {times} {what}"), form.clone()));
            rows.push(by_page(route, format!("field {name} of {times} {what}, without a script"), form));
        }
    }
    let back = format!("{}&back=/{}", filled(fields, known, fields[0].0, "a+b"), "x".repeat(100_000));
    rows.push(by_page(route, "an address to go back to that is too long".to_owned(), back));
    rows
}

/// Returns the form with a text instead of a field's own.
fn filled(fields: Fields, known: &Known, wrong: &str, text: &str) -> String {
    let texts = fields.iter().map(|(name, right)| {
        let right = known.iter().fold((*right).to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id));
        let text = if *name == wrong { text.to_owned() } else { right };
        format!("&{}={text}", name.trim_end_matches('?'))
    });
    format!("token={TOKEN}{}", texts.collect::<String>())
}

fn request(route: &Route, cookie: &str) -> Request {
    let request = Request::new(&route.method, &route.path).with("Content-Type", FORM);
    request.header("Cookie", format!("console_token={cookie}"))
}

fn by_script(route: &Route, what: String, form: String) -> Row {
    Row::new(what, &request(route, TOKEN).header("Accept", JSON).body(form), Expected::Notice)
}

fn by_page(route: &Route, what: String, form: String) -> Row {
    Row::new(what, &request(route, TOKEN).body(form), Expected::Back)
}

/// Returns forms that no page of ours has sent.
fn forged(route: &Route) -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, cookie, form) in [
        ("an empty form", "", String::new()),
        ("a form without a cookie", "", format!("token={TOKEN}")),
        ("a form without a token", TOKEN, "document_id=x&customer_id=x".to_owned()),
        ("a form with an empty token", TOKEN, "token=".to_owned()),
        ("a form with another token", TOKEN, format!("token={}", TOKEN.replace('0', "1"))),
        ("a cookie that is too short", "x", "token=x".to_owned()),
        ("a cookie that is too long", &TOKEN.repeat(2), format!("token={}", TOKEN.repeat(2))),
        ("an invalid encoding", TOKEN, "%zz=%ff&&=&token=%00".to_owned()),
        ("many fields", TOKEN, "x=y&".repeat(10_000)),
    ] {
        rows.push(Row::new(what, &request(route, cookie).body(form), Expected::Page(403)));
    }
    for media_type in ["", JSON, "text/plain", "multipart/form-data; boundary=x"] {
        let request = request(route, TOKEN).with("Content-Type", media_type).body(format!("token={TOKEN}"));
        rows.push(Row::problem(format!("a form as {media_type:?}"), &request, &[415]));
    }
    rows
}
