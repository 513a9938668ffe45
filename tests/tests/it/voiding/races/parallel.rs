//! The same request a hundred times at once.

use std::collections::BTreeSet;

use crate::start;
use futures::future::join_all;
use messages::{DocumentId, ProcessId, voiding::VoidingState};
use tests::{Env, Fault, Gate, Link, calls::until_answered, eventually};

const MANY: usize = 100;

/// Keeps the process open for as long as requests arrive.
fn keep_open(env: &Env) -> Gate {
    let gate = Gate::default();
    env.proxy(Link::WorkerToReports).fault("/commands/mark-", Fault::Hold(gate.clone()));
    gate
}

/// Lets the process go on to its end, and checks that there was one process, one run, and one effect of each command.
async fn assert_one_process(env: &Env, id: &DocumentId, processes: BTreeSet<ProcessId>, gate: Gate) {
    let [process] = &processes.iter().collect::<Vec<_>>()[..] else { panic!("one process: {processes:?}") };
    env.proxy(Link::WorkerToReports).heal();
    gate.open();
    assert_eq!(env.in_state(id, VoidingState::DocumentVoided).await.process_id.as_ref(), Some(*process));
    let requested = env.billing().log().await.into_iter().filter(|event| event.kind == "DocumentVoidingRequested");
    assert_eq!(requested.count(), 1);
    eventually("the one run is listed as completed", async || {
        let runs = env.temporal().list(&format!("WorkflowId = 'voiding-{id}'")).await;
        assert_eq!(runs.len(), 1, "{runs:?}");
        if runs[0].close_time.is_some() { Ok(()) } else { Err(()) }
    })
    .await;
    let listed = env.api().voidings("").await.ok().items;
    assert_eq!(listed.len(), 1, "{listed:?}");
    env.assert_consistent().await;
}

#[tokio::test]
async fn a_hundred_parallel_post_voidings_for_one_document_are_one_process_with_one_answer() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let gate = keep_open(&env);
    let api = env.api();
    let answers = join_all((0..MANY).map(|_| api.post_voiding_until_answered(&id))).await;
    let processes = answers.iter().map(|answer| {
        let voiding = answer.ok_as(202);
        assert_eq!((&voiding.document_id, voiding.state), (&id, VoidingState::VoidingRequested));
        assert_eq!(answer.header("location"), Some(format!("/voidings/{id}")));
        voiding.process_id.unwrap()
    });
    assert_one_process(&env, &id, processes.collect(), gate).await;
}

#[tokio::test]
async fn a_hundred_parallel_void_document_commands_are_one_process_with_one_answer() {
    let env = start().await;
    let id = env.issue_reported().await.document_id;
    let gate = keep_open(&env);
    let billing = env.billing();
    let answers = join_all((0..MANY).map(|_| until_answered(async || billing.void(&id).await))).await;
    let processes = answers.iter().map(|answer| answer.ok_as(202).process_id).collect();
    assert_one_process(&env, &id, processes, gate).await;
}
