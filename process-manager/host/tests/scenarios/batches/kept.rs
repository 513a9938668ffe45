//! What a batch keeps, and what it does with input that it cannot use.

use process_manager::batch::{Limits, PausedBy, Status, Tolerated};
use serde_json::{Value, json};
use test_support::eventually;

use super::world::{ID, World};
use crate::server;

#[tokio::test]
async fn b06_what_failed_by_the_hundreds_is_kept_elsewhere_and_retried_page_by_page() {
    let mut world = World::new(450, 100).await;
    world.receiver.refuses(1..=450, "not-now");
    world.start(Limits::default().in_flight(30).tolerated(Tolerated::Items(449))).await;
    let progress = world.until_status(Status::Paused).await;
    assert_eq!((progress.failed, progress.kept_pages.len()), (450, 2));
    assert_eq!(world.failed().await.len(), 450);
    let pages: Vec<_> = progress.kept_pages.iter().map(|page| progress.id_of_page(*page)).collect();
    world.receiver.does.lock().unwrap().retain(|number, _| number % 10 == 0);
    world.batches.retry(ID).await.unwrap();
    world.until("the retry has begun", |progress| progress.accepted > 0).await;
    world.kill();
    world.host(|hosting| hosting).await;
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.failed), (405, 45));
    assert_eq!(world.failed().await.len(), 45);
    for page in pages {
        eventually("a page that was retried is let go", async || {
            let running = format!("WorkflowId = '{page}' AND ExecutionStatus = 'Running'");
            let running = server::list(world.server.client(), &running).await;
            if running.is_empty() { Ok(()) } else { Err(running.len()) }
        })
        .await;
    }
}

#[tokio::test]
async fn b05_a_source_that_no_batch_can_use_pauses_it_until_it_is_repaired() {
    let mut world = World::new(20, 600).await;
    world.source.numbers.lock().unwrap().extend(21..=600);
    world.start(Limits::default()).await;
    let progress = world.until_status(Status::Paused).await;
    let pause = progress.pause.unwrap();
    assert_eq!(pause.by, PausedBy::Source);
    assert!(pause.detail.contains("600 items, where 500 are possible"), "{}", pause.detail);
    world.kill();
    (world.source.page, world.source.later_pages) = (500, 500);
    world.host(|hosting| hosting).await;
    world.batches.resume(ID).await.unwrap();
    assert_eq!(world.until_status(Status::Completed).await.accepted, 600);
}

#[tokio::test]
async fn b05_what_was_answered_before_a_page_that_cannot_be_used_counts_and_is_not_sent_again() {
    let mut world = World::new(3, 3).await;
    world.source.numbers.lock().unwrap().extend(10_000..=10_600);
    world.source.later_pages = 600;
    world.host(|hosting| hosting).await;
    world.start(Limits::default()).await;
    let progress = world.until_status(Status::Paused).await;
    assert_eq!((progress.pause.map(|pause| pause.by), progress.accepted), (Some(PausedBy::Source), 3));
    world.kill();
    world.source.later_pages = 500;
    world.host(|hosting| hosting).await;
    world.batches.resume(ID).await.unwrap();
    assert_eq!(world.until_status(Status::Completed).await.accepted, 604);
    assert_eq!(world.receiver.arrived().len(), 604);
}

#[tokio::test]
async fn b03_nothing_that_is_sent_to_a_batch_fails_it() {
    let world = World::new(3, 5).await.gated();
    world.start(Limits::default()).await;
    world.until_in_flight(3).await;
    let nonsense =
        [json!(7), json!("x"), json!([1]), json!({"in_flight": 0}), json!({"undo": 1}), json!({"tolerated": -1})];
    for name in ["limits", "cancel", "nobody-knows-this"] {
        for payload in nonsense.iter().filter(|payload| name != "cancel" || payload.get("in_flight").is_none()) {
            // `cancel` takes any other object for a cancellation.
            if name == "cancel" && payload.get("tolerated").is_some() {
                continue;
            }
            server::signal(world.server.client(), ID, name, Some(payload.clone())).await;
        }
    }
    for name in ["retry", "resume"] {
        server::signal(world.server.client(), ID, name, None::<Value>).await;
    }
    world.receiver.lets_pass(100);
    let progress = world.until_status(Status::Completed).await;
    assert_eq!((progress.accepted, progress.limits), (3, Limits::default()));
}
