//! The log lines of a request. The test has its own process: `tracing` asks once for each place in the code whether
//! anyone listens, and keeps the answer for all threads. A test beside it that listens to nothing could silence it.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, http::Request, routing::get};
use service_kit::{app, ready_check};
use tower::ServiceExt;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_is_a_line_of_the_log_and_a_question_about_health_is_none() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(move || writer.clone());
    subscriber.init();
    let routes = Router::new().route("/things", get(|| async { "here" }));
    let app = app("test", routes, ready_check(|| async { Err("the database is unavailable".to_owned()) }));
    for path in ["/livez", "/readyz", "/metrics", "/things"] {
        app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    }
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(logged.lines().filter(|line| line.contains("GET /")).count(), 1, "{logged}");
    assert!(logged.contains("GET /things"), "{logged}");
}
