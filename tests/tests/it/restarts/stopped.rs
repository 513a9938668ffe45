//! SIGTERM drains.

use std::time::{Duration, Instant};

use messages::voiding::VoidingState;
use tests::{Component, Env, Link, binaries};

use crate::faults::{COMPLETE, MARK, VOIDED, commands, events, in_state};

/// What the worker promises: 10 s for the work in hand, and some seconds for its end.
const BOUND: Duration = Duration::from_secs(15);

/// `Env::stop` asserts exit code 0.
#[tokio::test]
async fn sigterm_ends_the_worker_in_time_while_commands_hang_and_the_processes_go_on_after_the_restart() {
    let env = &Env::builder(binaries!()).start().await;
    let (one, other) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    let mark = env.proxy(Link::WorkerToReports).about(&one).hold(MARK);
    let complete = env.proxy(Link::WorkerToBilling).about(&other).hold_answer(COMPLETE);
    for id in [&one, &other] {
        let _ = env.api().post_voiding(id).await.ok_as(202);
    }
    mark.held().await;
    complete.held().await;
    let told = Instant::now();
    env.stop(Component::Worker).await;
    assert!(told.elapsed() < BOUND, "{:?}", told.elapsed());
    env.start(Component::Worker).await;
    mark.open();
    complete.open();
    for id in [&one, &other] {
        in_state(env, id, VoidingState::DocumentVoided).await;
        assert_eq!(events(env, id).await, VOIDED);
    }
    env.assert_consistent().await;
}

#[tokio::test]
async fn sigterm_lets_a_command_in_flight_end_and_its_answer_is_not_lost() {
    let env = &Env::builder(binaries!()).start().await;
    let id = &env.issue_reported().await.document_id;
    let gate = env.proxy(Link::WorkerToBilling).about(id).hold_answer(COMPLETE);
    let _ = env.api().post_voiding(id).await.ok_as(202);
    gate.held().await;
    // Until the durable attempt: a local one is given up after two seconds anyway.
    env.proxy(Link::WorkerToBilling).await_requests(2, COMPLETE, crate::faults::SOON).await;
    env.signal(Component::Worker, "TERM").await;
    tests::eventually(crate::faults::SOON, "the worker has heard it", async || {
        let log = env.log(Component::Worker);
        if log.contains("worker ends") { Ok(()) } else { Err(log) }
    })
    .await;
    gate.open();
    env.stopped(Component::Worker).await;
    env.start(Component::Worker).await;
    in_state(env, id, VoidingState::DocumentVoided).await;
    assert_eq!(commands(env, Link::WorkerToBilling, id, COMPLETE).len(), 2, "the answer was recorded before the end");
    assert_eq!(events(env, id).await, VOIDED);
    env.assert_consistent().await;
}
