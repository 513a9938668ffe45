//! Clients that waste a server's connections, and pages of other sites, over real connections.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::{Value, json};
use service_kit::{Json, app, bind, ready_check, serve};
use test_support::{eventually, http, within_a_stall};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::{CancellationToken, DropGuard};

const LONG: Duration = Duration::from_secs(600);
/// A client that sends at once has sent by then, even on a busy machine.
const SHORT: Duration = Duration::from_secs(1);
/// More than the buffers of a connection hold.
const LARGE: usize = 64 << 20;

struct Server {
    addr: SocketAddr,
    _guard: DropGuard,
}

impl Server {
    /// Serves this many connections, and waits this long for a slow client.
    async fn start(connections: usize, patience: Duration) -> Self {
        let routes = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/large", get(|| async { "x".repeat(LARGE) }))
            .route("/hang", post(std::future::pending::<String>))
            .route("/things", post(|Json(body): Json<Value>| async move { Json(body) }));
        let app = app("connections", routes, ready_check(|| async { Ok(()) }));
        let bound = bind("connections", "127.0.0.1:0", "TEST_ADDR").await.unwrap().limited(connections, patience);
        let addr = bound.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(serve("connections", bound, app, shutdown.clone()));
        Self { addr, _guard: shutdown.drop_guard() }
    }

    /// Opens a connection and sends this text.
    async fn open(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> Result<(u16, String), String> {
        let answer =
            http().get(format!("http://{}{path}", self.addr)).send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        answer.text().await.map(|text| (status, text)).map_err(|error| error.to_string())
    }

    async fn answers(&self) {
        eventually("there is room again", async || match self.get("/").await {
            Ok((200, _)) => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }
}

/// Reads until the server closes the connection.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // Reset or closed: either way the server has let it go.
    let _ = within_a_stall("the server closes the connection", stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_client_that_sends_nothing_or_half_or_something_else_is_let_go() {
    let server = Server::start(100, SHORT).await;
    let asked = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (sent, answered) in [
        ("", ""),
        ("GET / HT", ""),
        ("GET / HTTP/1.1\r\nHost: localh", ""),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        (asked, "200 OK"),
        (&format!("{asked}GET / HTTP/1.1\r\nHost: lo"), "200 OK"),
    ] {
        let text = until_closed(server.open(sent).await).await;
        assert!(text.contains(answered), "{sent:?}: {text}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_with_408() {
    let server = Server::start(100, SHORT).await;
    let head =
        "POST /things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let text = until_closed(server.open(head).await).await;
    assert!(text.starts_with("HTTP/1.1 408 ") && text.contains(r#""code":"request-timeout""#), "{text}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_let_go() {
    let server = Server::start(1, SHORT).await;
    let deaf = server.open("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    server.answers().await;
    assert!(until_closed(deaf).await.len() < LARGE);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_served_when_there_is_room() {
    let server = Server::start(2, LONG).await;
    let idle = [server.open("").await, server.open("GET").await];
    let text = eventually("the server is full", async || {
        let stream = server.open("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let text = until_closed_or_served(stream).await;
        if text.contains("200 OK") { Err("it serves one more") } else { Ok(text) }
    })
    .await;
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains(r#""code":"overloaded""#), "{text}");
    let lower = text.to_lowercase();
    assert!(lower.contains("retry-after: 1") && lower.contains("connection: close"), "{text}");
    assert_eq!(server.get("/livez").await.unwrap(), (200, "ok".to_owned()), "it is alive");
    drop(idle);
    server.answers().await;
    let (_, metrics) = server.get("/metrics").await.unwrap();
    assert!(metrics.contains(r#"http_requests_total{service="connections",method="-",route="-",status="503"}"#));
}

/// The default is 1,000, at an eighth of the descriptors each; here both ends of each connection need one.
#[tokio::test]
async fn a_thousand_connections_are_served_and_of_those_beyond_fifty_are_told_so() {
    let server = Server::start(1_000, LONG).await;
    let mut idle = Vec::new();
    for _ in 0..999 {
        idle.push(server.open("").await);
    }
    let asked = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // Connections are accepted in order.
    let last = server.open(asked).await;
    let told = server.open(asked).await;
    assert!(until_closed(told).await.starts_with("HTTP/1.1 503 "));
    let kept = until_closed_or_served(last).await;
    assert!(kept.starts_with("HTTP/1.1 200 "), "{kept}");
}

#[tokio::test]
async fn beyond_the_fifty_that_are_told_so_connections_are_closed_without_an_answer() {
    let server = Server::start(1, LONG).await;
    let _served = server.open("").await;
    let mut told = Vec::new();
    for _ in 0..50 {
        told.push(server.open("").await);
    }
    assert_eq!(until_closed(server.open("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await).await, "");
    // The fiftieth one still receives a refusal.
    let mut last = told.pop().unwrap();
    last.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(until_closed(last).await.starts_with("HTTP/1.1 503 "));
}

async fn until_closed_or_served(mut stream: TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
        + &{
            if bytes[..length].windows(6).any(|part| part == b"200 OK") {
                String::new()
            } else {
                until_closed(stream).await
            }
        }
}

#[tokio::test]
async fn a_request_that_its_client_gives_up_is_counted() {
    let server = Server::start(100, LONG).await;
    drop(server.open("POST /hang HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await);
    let line = r#"http_requests_total{service="connections",method="POST",route="/hang",status="499"} 1"#;
    eventually("it is counted", async || {
        let (_, metrics) = server.get("/metrics").await?;
        let of_it = |metric: &&str| metric.starts_with("http_requests_total") && metric.contains("/hang");
        // Each request changes the other lines.
        if metrics.contains(line) { Ok(()) } else { Err(metrics.lines().filter(of_it).collect::<String>()) }
    })
    .await;
}

#[tokio::test]
async fn other_hosts_and_commands_of_other_sites_pages_are_refused() {
    let server = Server::start(100, LONG).await;
    let own = server.addr.to_string();
    let origin = format!("http://{own}");
    for (host, headers, expected) in [
        (own.as_str(), &[][..], (200, None)),
        (&own, &[("origin", origin.as_str()), ("sec-fetch-site", "same-origin")], (200, None)),
        ("evil.example", &[], (421, Some("host-not-allowed"))),
        ("evil.example", &[("origin", "http://evil.example")], (421, Some("host-not-allowed"))),
        (&own, &[("origin", "http://evil.example")], (403, Some("cross-site-request"))),
        (&own, &[("sec-fetch-site", "cross-site")], (403, Some("cross-site-request"))),
    ] {
        let request = http().post(format!("{origin}/things")).header("host", host).json(&json!({}));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert_eq!((status, body["code"].as_str()), expected, "{host} {headers:?}");
        for path in ["/", "/livez", "/readyz", "/metrics", "/nowhere"] {
            let answer = http().get(format!("{origin}{path}")).header("host", host).send().await.unwrap();
            assert_eq!(answer.status() == 421, host == "evil.example", "{host} {path}");
        }
    }
}
