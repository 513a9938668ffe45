//! The table: hostile requests to one route, and the expected result of each.

use service_kit::MAX_BODY;

use super::{
    bodies, forms, layer, params,
    routes::{Body, Known, Route},
    wire::{Expected, JSON, Request},
};

/// A request and its expected result.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) bytes: Vec<u8>,
    pub(super) expected: Expected,
}

impl Row {
    pub(super) fn new(what: impl Into<String>, request: &Request, expected: Expected) -> Self {
        Self { what: what.into(), bytes: request.bytes(), expected }
    }

    pub(super) fn problem(what: impl Into<String>, request: &Request, statuses: &'static [u16]) -> Self {
        Self::new(what, request, Expected::Problem(statuses))
    }
}

/// Returns a request to the route with nothing wrong.
pub(super) fn valid(route: &Route) -> Request {
    let request = Request::new(&route.method, &route.path);
    match &route.body {
        Some(body) => request.json(body.valid.to_string()),
        None => request,
    }
}

/// Many similar rows are shared among the routes: each route gets one in this many.
const SHARES: usize = 3;

/// Returns the rows of a route that its program refuses whatever it has stored. The HTTP layer knows no route, so what
/// it refuses is sent only to the first route of a program.
pub(super) fn of_http(route: &Route, known: &Known, is_first: bool) -> Vec<Row> {
    let mut rows = if is_first { layer::rows(route) } else { Vec::new() };
    rows.extend(methods(route));
    rows.extend(hosts(route, is_first));
    rows.extend(params::paths(route));
    if !route.is_described && route.method == "POST" {
        rows.extend(forms::rows(route, known));
    }
    rows
}

/// Returns the rows of the `place`-th route that depend on stored data.
pub(super) fn of_content(place: usize, route: &Route, known: &Known, is_first: bool) -> Vec<Row> {
    let mut rows = params::ids(route);
    rows.extend(params::queries(route, known));
    let mut like = headers(route);
    if let Some(body) = &route.body {
        let bad = bodies::of_fields(route, body, known).into_iter().chain(bodies::unreadable(body));
        like.extend(
            bad.map(|(what, bad)| Row::problem(what, &Request::new(&route.method, &route.path).json(bad), &[400, 422])),
        );
        like.extend(media_types(route));
        rows.extend(sizes(route, body, is_first));
    }
    rows.extend(like.into_iter().skip(place % SHARES).step_by(SHARES));
    rows
}

fn methods(route: &Route) -> Vec<Row> {
    let methods =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PROPFIND", "get", "POSTPOST", "QUERY"];
    let others = methods.into_iter().filter(|method| !route.allowed.iter().any(|allowed| allowed == method));
    let mut rows: Vec<_> =
        others.map(|method| Row::problem(format!("method {method}"), &valid(route).method(method), &[405])).collect();
    if !route.allowed.contains(&"HEAD".to_owned()) {
        rows.push(Row::new("method HEAD", &valid(route).method("HEAD"), Expected::Head(405)));
    }
    rows
}

fn hosts(route: &Route, is_first: bool) -> Vec<Row> {
    let request = valid(route);
    let mut rows = Vec::new();
    // Host names are checked before the route.
    let names = [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost:x",
        "localhost.",
        "localhost, evil.example",
        "",
        "*",
        "[::2]",
        "ä",
    ];
    for host in &names[..if is_first { names.len() } else { 3 }] {
        rows.push(Row::problem(format!("host {host:?}"), &request.clone().with("Host", host), &[421]));
    }
    rows.push(Row::problem("two hosts", &request.clone().header("Host", "evil.example"), &[421]));
    let foreign = format!("http://evil.example{}", route.path);
    rows.push(Row::problem("a target on a foreign host", &request.clone().target(&foreign), &[421]));
    let own = format!("http://localhost{}", route.path);
    let named = request.clone().target(&own).with("Host", "evil.example");
    rows.push(Row::problem("a target on our host, and a foreign one", &named, &[421]));
    let old = request.clone().version("HTTP/1.0").with("Host", "evil.example");
    rows.push(Row::problem("HTTP/1.0 and a foreign host", &old, &[421]));
    if route.method == "GET" {
        return rows;
    }
    for (name, value) in [
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://localhost:1"),
        ("Origin", "x"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "x"),
    ] {
        rows.push(Row::problem(format!("{name}: {value}"), &request.clone().header(name, value), &[403]));
    }
    rows
}

fn headers(route: &Route) -> Vec<Row> {
    let mut rows = Vec::new();
    for name in &route.headers {
        for value in ["", "a b", "a\tb", "ä", "\u{202e}", &"x".repeat(256), &"x".repeat(20_000)] {
            let shown: String = value.chars().take(20).collect();
            rows.push(Row::problem(format!("{name}: {shown:?}"), &valid(route).header(name, value), &[400]));
        }
        let twice = valid(route).header(name, "a").header(name, "a");
        rows.push(Row::problem(format!("{name} twice"), &twice, &[400]));
        rows.push(Row::problem(format!("{name}: not UTF-8"), &valid(route).header(name, b"\xff\xfe"), &[400]));
    }
    rows
}

fn media_types(route: &Route) -> Vec<Row> {
    let mut rows = vec![Row::problem("no content type", &valid(route).without("Content-Type"), &[415])];
    for media_type in [
        "",
        "json",
        "text/plain",
        "text/json",
        "text/html; charset=utf-8",
        "application/jsonp",
        "application/json+x",
        "application/json, text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "*/*",
        "application/*",
        "ä",
    ] {
        let request = valid(route).with("Content-Type", media_type);
        rows.push(Row::problem(format!("content type {media_type:?}"), &request, &[415]));
    }
    rows
}

fn sizes(route: &Route, body: &Body, is_first: bool) -> Vec<Row> {
    let good = body.valid.to_string();
    let padded = |bytes: usize| format!("{}{good}", " ".repeat(bytes - good.len()));
    let request = Request::new(&route.method, &route.path).with("Content-Type", JSON);
    let large = Row::problem("a byte too many", &request.clone().body(padded(MAX_BODY + 1)), &[413]);
    if !is_first {
        return vec![large];
    }
    let text = padded(MAX_BODY + 1);
    let chunked = format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len());
    let chunked = request.framed("Transfer-Encoding: chunked\r\n", chunked.as_bytes());
    let chunked =
        Row { what: "a byte too many, in chunks".to_owned(), bytes: chunked, expected: Expected::Problem(&[413]) };
    vec![large, chunked]
}
