//! `GET /voidings`: its pages, its order, and one item per process.

use crate::start;
use messages::voiding::VoidingState::MarkingDocumentAsVoidedFailed;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Env, calls::Voiding, eventually, eventually_eq};

/// Returns all pages of a list. Each has exactly the requested length, except for the last one.
async fn pages(env: &Env, limit: usize) -> Vec<Voiding> {
    let mut all = Vec::new();
    let mut query = format!("?limit={limit}");
    loop {
        let page = env.api().voidings(&query).await.ok();
        let full = page.items.len() == limit;
        all.extend(page.items);
        match page.next_cursor {
            Some(cursor) => query = format!("?limit={limit}&cursor={cursor}"),
            None => return all,
        }
        assert!(full, "a page before the last one is full");
    }
}

#[tokio::test]
async fn pages_show_each_process_once_newest_first_and_running_before_ended() {
    let env = start().await;
    for _ in 0..3 {
        let id = env.issue_reported().await.document_id;
        let _ = env.api().post_voiding_to_its_end(&id).await.ok_as(200);
        let _ = env.refused_marking().await;
    }
    let probe = async || {
        let all = pages(&env, 50).await;
        (all.len(), all.iter().filter(|voiding| voiding.state == MarkingDocumentAsVoidedFailed).count())
    };
    eventually_eq("all six are listed", (6, 3), probe).await;
    let all = pages(&env, 50).await;
    let (running, ended) = all.split_at(3);
    assert!(running.iter().all(|voiding| voiding.state == MarkingDocumentAsVoidedFailed), "{all:?}");
    for group in [running, ended] {
        assert!(group.is_sorted_by(|one, other| one.requested_at > other.requested_at), "newest first: {group:?}");
    }
    for limit in [1, 2, 3, 4, 6] {
        assert_eq!(pages(&env, limit).await, all, "limit {limit}");
    }
    for voiding in &all {
        assert_eq!(&env.api().voiding(&voiding.document_id).await.ok(), voiding);
    }
    assert_a_cursor_outlives_what_happens_meanwhile(&env, &all).await;
}

/// Checks that the pages after a cursor stay the same: new voidings come first.
async fn assert_a_cursor_outlives_what_happens_meanwhile(env: &Env, all: &[Voiding]) {
    let cursor = env.api().voidings("?limit=2").await.ok().next_cursor.unwrap();
    let id = env.issue_published().await.document_id;
    let _ = env.api().post_voiding_to_its_end(&id).await.ok_as(200);
    let probe = async || pages(env, 50).await.len();
    eventually_eq("the seventh is listed", 7, probe).await;
    let rest = env.api().voidings(&format!("?limit=50&cursor={cursor}")).await;
    // The page's length is part of the request, not of the list.
    assert_eq!(rest.ok().items, all[2..]);
}

#[tokio::test]
async fn a_process_whose_run_was_terminated_and_taken_up_is_one_item() {
    let env = start().await;
    let (document, refused) = env.refused_marking().await;
    let id = &document.document_id;
    let first = env.temporal().describe(id).await.unwrap().execution.unwrap().run_id;
    env.temporal().terminate(id).await.unwrap();
    eventually("the sweep takes the process up", async || {
        let listed = env.api().voidings("").await.ok().items;
        assert!(listed.len() <= 1, "one item a process: {listed:?}");
        let run = env.temporal().describe(id).await.unwrap();
        let taken_up = run.status() == WorkflowExecutionStatus::Running && run.execution.unwrap().run_id != first;
        if taken_up { Ok(()) } else { Err(listed) }
    })
    .await;
    eventually("the list shows the run that goes on", async || {
        let runs = env.temporal().list(&format!("WorkflowId = 'voiding-{id}'")).await.len();
        let all = env.api().voidings("").await.ok().items;
        let open = env.api().voidings("?open=true").await.ok().items;
        let ended = env.api().voidings("?open=false").await.ok().items;
        let is_one = runs == 2 && all.len() == 1 && open.len() == 1 && ended.is_empty();
        if is_one { Ok(()) } else { Err((runs, all, open, ended)) }
    })
    .await;
    // The run that took up the process starts again; Reports refuses again.
    let expected = (refused.process_id.clone(), MarkingDocumentAsVoidedFailed);
    eventually_eq("the process that is listed", expected, async || {
        let [listed] = &env.api().voidings("").await.ok().items[..] else { panic!("one item a process") };
        (listed.process_id.clone(), listed.state)
    })
    .await;
    let _ = env.acknowledged(id).await;
    env.assert_consistent().await;
}
