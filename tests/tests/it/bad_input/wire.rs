//! Requests as bytes, because no proper client sends these, and their answers.

use messages::{PROBLEM_MEDIA_TYPE, Problem};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(super) const JSON: &str = "application/json";
/// Maximum length of an answer: it does not echo what it refuses.
const MOST_ANSWERED: usize = 8 << 10;
/// Maximum number of bytes of a cookie that every browser keeps.
const LARGEST_COOKIE: usize = 4_000;

/// A request of HTTP/1.1 that may be wrong in any way.
#[derive(Debug, Clone)]
pub(super) struct Request {
    method: String,
    target: String,
    version: &'static str,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(super) fn new(method: &str, target: &str) -> Self {
        let host = ("Host".to_owned(), b"localhost".to_vec());
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, version: "HTTP/1.1", headers: vec![host], body: None }
    }

    pub(super) fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    pub(super) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(super) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Adds a header, a second time if there is one with this name.
    pub(super) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Replaces a header.
    pub(super) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(super) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.with("Content-Type", JSON).body(body)
    }

    /// Returns the request, with the length of its body.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = self.body.as_ref().map(|body| format!("Content-Length: {}\r\n", body.len()));
        self.framed(&length.unwrap_or_default(), self.body.as_deref().unwrap_or_default())
    }

    /// Returns the request, with other lines instead of the body's length.
    pub(super) fn framed(&self, lines: &str, body: &[u8]) -> Vec<u8> {
        let mut bytes =
            format!("{} {} {}\r\nConnection: close\r\n", self.method, self.target, self.version).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend([lines.as_bytes(), b"\r\n", body].concat());
        bytes
    }
}

/// The expected result of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// A problem with one of these statuses.
    Problem(&'static [u16]),
    /// A page that says the same to a person.
    Page(u16),
    /// The text that the console's script shows to a person: nothing was done.
    Notice,
    /// The page that contained the form, showing that nothing was done.
    Back,
    /// The answer of the HTTP layer itself to something that is not an HTTP request: without a body.
    Bare(u16),
    /// The same, unless the connection is closed first: unread bytes make the answer get lost.
    BareOrClosed(u16),
    /// Only the status: an answer to HEAD has no body.
    Head(u16),
    /// The connection is closed without an answer.
    Closed,
}

/// An answer. Without one, the status is 0.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) status: u16,
    head: String,
    body: Vec<u8>,
}

/// Sends the bytes on a new connection, and reads to its end.
pub(super) async fn exchange(address: &str, bytes: &[u8]) -> Received {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    // A server that refuses need not read on, so either may fail; only the answer matters.
    let _ = tokio::join!(writer.write_all(bytes), reader.read_to_end(&mut answer));
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Received { status, head, body: answer.get(end + 4..).unwrap_or_default().to_vec() }
}

impl Received {
    /// Checks the answer.
    pub(super) fn check(&self, expected: Expected) -> Result<(), String> {
        let is_right = match expected {
            Expected::Problem(statuses) => return self.is_problem(statuses),
            Expected::Page(status) => self.status == status && self.head.contains("\r\ncontent-type: text/html"),
            Expected::Notice => return self.is_notice(),
            Expected::Back => return self.leads_back(),
            Expected::Bare(status) | Expected::Head(status) => self.status == status && self.body.is_empty(),
            Expected::BareOrClosed(status) => [status, 0].contains(&self.status) && self.body.is_empty(),
            Expected::Closed => self.status == 0 && self.head.is_empty(),
        };
        if is_right { Ok(()) } else { Err(self.told()) }
    }

    fn is_problem(&self, statuses: &[u16]) -> Result<(), String> {
        let problem: Problem =
            serde_json::from_slice(&self.body).map_err(|error| format!("{error}: {}", self.told()))?;
        let is_kebab =
            |code: &str| code.bytes().all(|byte| byte.is_ascii_lowercase() || b"-0123456789".contains(&byte));
        for (rule, holds) in [
            ("another status", statuses.contains(&self.status)),
            ("not its media type", self.head.contains(&format!("\r\ncontent-type: {PROBLEM_MEDIA_TYPE}"))),
            ("it says another status", problem.status == self.status),
            ("no stable code", !problem.code.is_empty() && is_kebab(&problem.code)),
            ("no type of its code", problem.kind == format!("/problems/{}", problem.code)),
            ("no title", !problem.title.is_empty()),
            ("no detail", !problem.detail.is_empty()),
            ("it does not say what is allowed", self.status != 405 || self.head.contains("\r\nallow: ")),
            ("it echoes what it refuses", self.body.len() <= MOST_ANSWERED),
        ] {
            if !holds {
                return Err(format!("{rule}: {}", self.told()));
            }
        }
        Ok(())
    }

    fn is_notice(&self) -> Result<(), String> {
        let notice: Value = serde_json::from_slice(&self.body).map_err(|error| format!("{error}: {}", self.told()))?;
        let says_why = notice["text"].as_str().is_some_and(|text| !text.is_empty() && !text.ends_with(": "));
        let is_right = self.status == 200 && notice["outcome"] == "refused" && says_why && !self.is_busy();
        if is_right && self.body.len() <= MOST_ANSWERED { Ok(()) } else { Err(self.told()) }
    }

    fn leads_back(&self) -> Result<(), String> {
        let header = |name: &str| self.head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let (cookie, place) = (header("set-cookie: console_notice="), header("location: "));
        for (rule, holds) in [
            ("another status", self.status == 303),
            ("it does not say that nothing was done", cookie.contains("refused")),
            ("a browser keeps no such cookie", cookie.len() <= LARGEST_COOKIE),
            ("another site", place.starts_with('/') && !place.starts_with("//")),
            ("it echoes what it refuses", self.head.len() <= MOST_ANSWERED),
        ] {
            if !holds {
                return Err(format!("{rule}: {} {} bytes of {place:.80} {cookie:.300}", self.status, self.head.len()));
            }
        }
        Ok(())
    }

    /// Returns whether the program, or something that it relies on, is too busy: it says that nothing was done.
    pub(super) fn is_busy(&self) -> bool {
        let says_so = |text: &[u8]| self.body.windows(text.len()).any(|window| window == text);
        self.status == 503 || (self.body.len() < MOST_ANSWERED && says_so(b"cannot be reached"))
    }

    fn told(&self) -> String {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(300).collect();
        format!("{} {body:?} ({} bytes)", self.status, self.body.len())
    }
}
