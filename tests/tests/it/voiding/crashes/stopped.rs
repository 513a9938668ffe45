//! SIGTERM drains.

use messages::voiding::VoidingState;
use tests::voiding::{COMPLETE, MARK, VOIDED};
use tests::{Component, Env, Link, binaries};

/// `Env::stop` asserts exit code 0; a program that hangs would never end.
#[tokio::test]
async fn sigterm_ends_the_worker_while_commands_hang_and_the_processes_go_on_after_the_restart() {
    let env = &Env::builder(binaries!()).start().await;
    let (one, other) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    let mark = env.proxy(Link::WorkerToReports).about(&one).hold(MARK);
    let complete = env.proxy(Link::WorkerToBilling).about(&other).hold_answer(COMPLETE);
    for id in [&one, &other] {
        let _ = env.api().post_voiding(id).await.ok_as(202);
    }
    mark.held().await;
    complete.held().await;
    env.stop(Component::Worker).await;
    env.start(Component::Worker).await;
    mark.open();
    complete.open();
    for id in [&one, &other] {
        env.in_state(id, VoidingState::DocumentVoided).await;
        assert_eq!(env.events(id).await, VOIDED);
    }
    env.assert_consistent().await;
}

#[tokio::test]
async fn sigterm_ends_the_worker_while_temporal_is_down_and_the_process_goes_on_after_both_are_back() {
    let env = &Env::builder(binaries!()).own_temporal().start().await;
    let id = &env.issue_reported().await.document_id;
    let mark = env.proxy(Link::WorkerToReports).about(id).hold(MARK);
    let _ = env.api().post_voiding(id).await.ok_as(202);
    mark.held().await;
    env.kill(Component::Temporal).await;
    env.stop(Component::Worker).await;
    let log = env.log(Component::Worker);
    assert!(log.contains("worker has ended") && !log.contains("panicked"), "{log}");
    env.start(Component::Temporal).await;
    env.start(Component::Worker).await;
    mark.open();
    env.in_state(id, VoidingState::DocumentVoided).await;
    env.assert_consistent().await;
}

#[tokio::test]
async fn sigterm_lets_a_command_in_flight_end_and_its_answer_is_not_lost() {
    let env = &Env::builder(binaries!()).start().await;
    let id = &env.issue_reported().await.document_id;
    let gate = env.proxy(Link::WorkerToBilling).about(id).hold_answer(COMPLETE);
    let _ = env.api().post_voiding(id).await.ok_as(202);
    gate.held().await;
    // Wait for the durable attempt: a local one is given up after two seconds anyway.
    env.proxy(Link::WorkerToBilling).await_requests(2, COMPLETE).await;
    env.signal(Component::Worker, "TERM").await;
    tests::eventually("the worker has heard it", async || {
        let log = env.log(Component::Worker);
        if log.contains("worker ends") { Ok(()) } else { Err(log) }
    })
    .await;
    gate.open();
    env.stopped(Component::Worker).await;
    let sent = env.commands(Link::WorkerToBilling, id, COMPLETE).len();
    env.start(Component::Worker).await;
    env.in_state(id, VoidingState::DocumentVoided).await;
    let in_all = env.commands(Link::WorkerToBilling, id, COMPLETE).len();
    assert_eq!(in_all, sent, "the answer was recorded before the end");
    assert_eq!(env.events(id).await, VOIDED);
    env.assert_consistent().await;
}
