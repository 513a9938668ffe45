//! Runs each example against one Temporal server, each in a namespace of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails is a test that fails")]

use std::sync::OnceLock;

use process_manager_host::{connect::TemporalConfig, testing::TestServer};
use test_support::{PostgresServer, temporal_cli, within_a_stall};

macro_rules! examples {
    ($($name:ident $path:literal),*) => {
        $(
            #[path = $path]
            #[expect(dead_code, reason = "the test calls `run` in place of `main`")]
            mod $name;
        )*
    };
}

examples!(
    hello "../examples/hello.rs",
    refusal "../examples/refusal.rs",
    strict_start "../examples/strict_start.rs",
    target "../examples/target.rs",
    postgres "../examples/postgres.rs",
    two_logs "../examples/two_logs.rs",
    batch "../examples/batch.rs"
);

/// Returns a namespace on the server of this test process.
async fn namespace(name: &str) -> TestServer {
    static SHARED: OnceLock<String> = OnceLock::new();
    let address = SHARED.get_or_init(shared).parse().unwrap();
    let server = TestServer::on(TemporalConfig::at(address, "default")).await.unwrap();
    server.in_namespace(&format!("example-{name}")).await.unwrap()
}

/// Starts the server in a runtime that outlives each test's own; the server ends with the test process.
fn shared() -> String {
    let (started, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::start_with(temporal_cli()).await.unwrap();
            started.send(server.address().to_string()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    address.recv().expect("the server starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn hello() {
    let server = namespace("hello").await;
    within_a_stall("the example ends", hello::run(&server)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal() {
    let server = namespace("refusal").await;
    within_a_stall("the example ends", refusal::run(&server)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_start() {
    let server = namespace("strict-start").await;
    within_a_stall("the example ends", strict_start::run(&server)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn target() {
    let server = namespace("target").await;
    within_a_stall("the example ends", target::run(&server)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let Some(database) = PostgresServer::shared("postgres") else { return };
    let server = namespace("postgres").await;
    within_a_stall("the example ends", postgres::run(&server, &database.url())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_logs() {
    let server = namespace("two-logs").await;
    within_a_stall("the example ends", two_logs::run(&server)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn batch() {
    let server = namespace("batch").await;
    within_a_stall("the example ends", batch::run(&server)).await.unwrap();
}
