//! HTTP/1.1 on a socket, as far as the proxy needs it: bodies with a length, no trailers.

use std::{collections::BTreeMap, io};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A request that reached the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method, such as `POST`.
    pub method: String,
    /// Path and query, such as `/events?after=0`.
    pub path: String,
    /// Headers by name, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// The status of the answer to the sender, once it was answered.
    pub status: Option<u16>,
}

impl Recorded {
    /// Returns a header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns the body as JSON; `null` if it is not JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Returns whether the body has this `document_id`, `transfer_id` or `contract_id`.
    #[must_use]
    pub fn is_about(&self, id: &str) -> bool {
        let body = self.json();
        ["document_id", "transfer_id", "contract_id"].into_iter().any(|name| body[name] == id)
    }
}

/// The answer of the proxy.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Reads the next request of a connection. Returns `None` when its sender has closed it.
pub(super) async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Recorded>> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" if head.is_empty() => {}
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let mut words = head[0].split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: BTreeMap<String, String> = head[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Recorded { method, path, headers, body: String::from_utf8_lossy(&body).into_owned(), status: None }))
}

/// Writes the answer to a request; the connection stays open.
pub(super) async fn write(stream: &mut BufReader<TcpStream>, reply: &Reply) -> io::Result<()> {
    let mut bytes =
        format!("HTTP/1.1 {} Proxied\r\ncontent-length: {}\r\n", reply.status, reply.body.len()).into_bytes();
    for (name, value) in &reply.headers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(&reply.body);
    stream.write_all(&bytes).await?;
    stream.flush().await
}
