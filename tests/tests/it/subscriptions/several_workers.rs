//! Two workers share the work.

use std::collections::BTreeMap;

use messages::DocumentId;
use tests::{Component, Env, FaultProxy, Link, Process, Program, binaries, eventually, free_port, workflow_id};

use super::Subscription;
use super::await_voided;
use super::issue;
use super::request;

/// Starts a second worker of the system, with its own connection to Billing.
fn second_worker(env: &Env) -> (Process, FaultProxy) {
    let to_billing = FaultProxy::start(env.url(Component::Billing));
    let binaries = binaries!();
    let environment = BTreeMap::from(
        [
            ("WORKER_ADDR", format!("127.0.0.1:{}", free_port())),
            ("BILLING_URL", to_billing.url()),
            ("REPORTS_URL", env.url(Component::Reports)),
            ("TEMPORAL_ADDRESS", env.temporal().address().to_owned()),
            ("TEMPORAL_NAMESPACE", env.temporal().namespace().to_owned()),
            ("HOME", env.dir().display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let log = env.dir().join("worker-2.log");
    let program =
        Program { supervisor: binaries.supervisor, path: binaries.worker, arguments: Vec::new(), environment, log };
    (Process::start(&program), to_billing)
}

async fn each_has_one_run(env: &Env, documents: &[DocumentId]) {
    for id in documents {
        let runs = env.temporal().list(&format!("WorkflowId = '{}'", workflow_id(id))).await;
        assert_eq!(runs.len(), 1, "{runs:?}");
    }
}

/// Returns how often the worker behind this proxy has read the log. At its start it asks once whose log it is, without
/// waiting.
fn reads(proxy: &FaultProxy) -> usize {
    proxy.requests_to("/events").iter().filter(|request| request.path.contains("wait=")).count()
}

/// Returns how often reading has begun: once more each time a reader is declared dead.
async fn attempt(env: &Env) -> i32 {
    Subscription(env).reader().await.map_or(0, |reader| reader.attempt)
}

#[tokio::test]
async fn of_two_workers_one_reads_the_log_and_the_other_takes_over_when_it_dies() {
    let env = Env::builder(binaries!()).start().await;
    let first = env.proxy(Link::WorkerToBilling);
    let (mut process, second) = second_worker(&env);
    second.await_requests(0, "/").await;
    let documents = issue(&env, 40).await;
    request(&env, &documents[..20]).await;
    await_voided(&env, &documents[..20]).await;
    Subscription(&env).await_caught_up().await;
    env.a_whole_sweep().await;
    // Unless the first one was declared dead, on a busy machine.
    let is_first = attempt(&env).await == 1;
    assert!(!is_first || reads(&second) == 0, "one reader is active at a time");
    each_has_one_run(&env, &documents[..20]).await;

    env.kill(Component::Worker).await;
    let read_by_the_first = reads(first);
    request(&env, &documents[20..30]).await;
    await_voided(&env, &documents[20..30]).await;
    Subscription(&env).await_caught_up().await;
    assert!(reads(&second) > 0, "the other one has taken over");
    assert!(!is_first || second.requests_to("/events?after=0&").is_empty(), "where the first one was");
    let before = attempt(&env).await;

    // Once back, the first one leaves the reading to the second until that one is gone.
    env.start(Component::Worker).await;
    env.ready(Component::Worker).await;
    let reads_again = reads(first) > read_by_the_first;
    assert!(!reads_again || attempt(&env).await > before, "the second one is not dead");
    process.signal("TERM");
    process.wait().await;
    request(&env, &documents[30..]).await;
    await_voided(&env, &documents[30..]).await;
    eventually("the first worker reads again", async || {
        let reads = reads(first);
        if reads > read_by_the_first { Ok(()) } else { Err(reads) }
    })
    .await;
    each_has_one_run(&env, &documents).await;
    env.assert_consistent().await;
}
