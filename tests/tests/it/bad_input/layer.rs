//! Texts that are not HTTP requests, or requests that are framed wrongly. The HTTP layer itself refuses most of them,
//! without a body.

use super::{
    routes::Route,
    rows::{Row, valid},
    wire::{Expected, Request},
};

/// Returns the rows of a route that its program never sees.
pub(super) fn rows(route: &Route) -> Vec<Row> {
    let mut rows = lines(route);
    rows.extend(framing(route));
    if route.body.is_some() {
        rows.extend(chunks(route));
    }
    rows
}

fn bare(what: &str, bytes: Vec<u8>, status: u16) -> Row {
    Row { what: what.to_owned(), bytes, expected: Expected::Bare(status) }
}

/// Returns request lines and headers.
fn lines(route: &Route) -> Vec<Row> {
    let (request, method, path) = (valid(route), &route.method, &route.path);
    let line = |line: String| [line.as_bytes(), b"\r\nHost: localhost\r\nConnection: close\r\n\r\n"].concat();
    let long = |bytes: usize| format!("{path}?{}", "x".repeat(bytes));
    let many = (0..101).fold(request.clone(), |request, n| request.header(&format!("x-{n}"), "x"));
    vec![
        bare("the hello of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
        bare("no version", line(format!("{method} {path}")), 400),
        bare("an unknown version", line(format!("{method} {path} HTTP/3.0")), 400),
        bare("another protocol", line(format!("{method} {path} RTSP/1.0")), 400),
        bare("a space in the target", line(format!("{method} {path} x HTTP/1.1")), 400),
        bare("a control character in the target", line(format!("{method} {path}\u{1} HTTP/1.1")), 400),
        bare("a control character in the method", line(format!("{method}\u{1} {path} HTTP/1.1")), 400),
        bare("no method", line(format!(" {path} HTTP/1.1")), 400),
        bare("a target that is too long", request.clone().target(&long(70_000)).bytes(), 414),
        Row {
            what: "a header that is too long".to_owned(),
            bytes: request.clone().header("x", "x".repeat(2_000_000)).bytes(),
            expected: Expected::BareOrClosed(431),
        },
        bare("too many headers", many.bytes(), 431),
        bare("a space in a header's name", request.clone().header("x y", "x").bytes(), 400),
        bare("a header without a name", request.clone().header("", "x").bytes(), 400),
        bare("a control character in a header", request.clone().header("x", "a\u{1}").bytes(), 400),
        bare("NUL in a header", request.clone().header("x", "a\0b").bytes(), 400),
        bare("a folded header", request.clone().header("x", "a\r\n b").bytes(), 400),
        bare("a line that is no header", request.framed("nonsense\r\n", b""), 400),
        bare("a carriage return alone", request.header("x", "a\rb").bytes(), 400),
    ]
}

/// Returns lengths of bodies.
fn framing(route: &Route) -> Vec<Row> {
    let request = valid(route);
    let framed = |lines: &str| request.framed(lines, b"{}");
    vec![
        bare("two lengths", framed("Content-Length: 2\r\nContent-Length: 3\r\n"), 400),
        bare("a length that is no number", framed("Content-Length: x\r\n"), 400),
        bare("a length with a sign", framed("Content-Length: +2\r\n"), 400),
        bare("a length below zero", framed("Content-Length: -1\r\n"), 400),
        bare("a length beyond all numbers", framed("Content-Length: 99999999999999999999\r\n"), 400),
        bare("an empty length", framed("Content-Length:\r\n"), 400),
        bare("a list of lengths", framed("Content-Length: 2, 2\r\n"), 400),
        bare("an unknown transfer encoding", framed("Transfer-Encoding: gzip\r\n"), 400),
        bare("chunks inside of another encoding", framed("Transfer-Encoding: chunked, identity\r\n"), 400),
        bare(
            "chunks in HTTP/1.0",
            request.clone().version("HTTP/1.0").framed("Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
            400,
        ),
        Row {
            what: "the preface of HTTP/2".to_owned(),
            bytes: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            expected: Expected::Closed,
        },
    ]
}

/// Returns bodies in chunks. A length beside them does not count, so nobody can smuggle a second request behind the
/// first.
fn chunks(route: &Route) -> Vec<Row> {
    let request = Request::new(&route.method, &route.path).with("Content-Type", "application/json");
    let row = |what: &str, lines: &str, body: &str| Row {
        what: what.to_owned(),
        bytes: request.framed(lines, body.as_bytes()),
        expected: Expected::Problem(&[400]),
    };
    let smuggled = format!("1\r\n{{\r\n0\r\n\r\n{} {} HTTP/1.1\r\nHost: localhost\r\n\r\n", route.method, route.path);
    let chunked = "Transfer-Encoding: chunked\r\n";
    vec![
        row("chunks and a length", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", &smuggled),
        row("a length and chunks", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", &smuggled),
        row("a chunk whose size is no number", chunked, "zz\r\n{}\r\n0\r\n\r\n"),
        row("a chunk whose size is below zero", chunked, "-1\r\n{}\r\n0\r\n\r\n"),
        row("a chunk that is longer than it says", chunked, "1\r\n{}\r\n0\r\n\r\n"),
        row("a chunk whose size is beyond all numbers", chunked, "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    ]
}
