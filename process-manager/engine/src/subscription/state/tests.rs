//! A subscription's state, signal by signal.

use serde_json::{Value, json};

use super::*;

fn run() -> Run {
    let from = FeedPosition { position: 7, logid: Some("log".to_owned()) };
    Run::new(Follow { from, ..Follow::new("n", process_manager::manager::StartFrom::Origin) })
}

/// Returns the state as the next run gets it.
fn handed_over(run: &Run) -> Run {
    Run::new(serde_json::from_value(serde_json::to_value(run.handed_over()).unwrap()).unwrap())
}

fn at(position: Position) -> At {
    At { position: Some(position), continues: None }
}

#[test]
fn a_stopped_subscription_goes_on_where_a_person_says() {
    let mut run = run();
    assert!(run.resume(At::default()).is_err());
    run.stop("why".to_owned(), false, Some(FeedPosition { position: 9, logid: None }));
    assert_eq!((run.next(), run.view().at.position), (Status::Stopped, 9));
    run.resume(at(3)).unwrap();
    assert_eq!((run.next(), run.view().at.position), (Status::Following, 3));
}

#[test]
fn a_paused_subscription_keeps_its_place() {
    let mut run = run();
    run.pause().unwrap();
    assert!(run.is_interrupted());
    run.begin_turn();
    assert_eq!(run.view().status, Status::Following);
    run.end_turn();
    assert_eq!((run.view().status, run.next(), run.view().at.position), (Status::Paused, Status::Paused, 7));
    run.resume(At::default()).unwrap();
    assert_eq!((run.next(), run.view().at.logid.as_deref()), (Status::Following, Some("log")));
}

#[test]
fn to_rewind_is_to_go_on_elsewhere() {
    let mut run = run();
    assert!(run.rewind(At::default()).is_err());
    run.pause().unwrap();
    run.rewind(at(0)).unwrap();
    assert!(run.is_interrupted());
    // The answer of the turn that it interrupts does not count.
    run.followed(&Followed { at: FeedPosition { position: 8, logid: None }, retry_after_ms: None, attempt: 0 });
    assert_eq!((run.next(), run.view().at), (Status::Following, FeedPosition::default()));
    assert!(!run.is_interrupted());
}

#[test]
fn a_position_with_which_a_subscription_is_resumed_outlasts_the_turn_that_was_paused() {
    for asked in [at(3), At { continues: Some(true), ..at(3) }] {
        let mut run = run();
        run.begin_turn();
        run.pause().unwrap();
        run.resume(asked).unwrap();
        run.end_turn();
        // The turn reports where it was when it learned of the pause.
        run.followed(&Followed { at: FeedPosition { position: 8, logid: None }, retry_after_ms: None, attempt: 0 });
        let mut next = handed_over(&run);
        for run in [&mut run, &mut next] {
            assert_eq!((run.next(), run.view().at.position), (Status::Following, 3));
        }
    }
}

#[test]
fn operators_decisions_are_handed_over() {
    let redeliver = || Redeliver { positions: vec![5], instance: Some("a".to_owned()) };
    let mut run = run();
    run.pause().unwrap();
    run.redeliver(redeliver()).unwrap();
    let mut next = handed_over(&run);
    assert_eq!((next.next(), next.begin_redelivery()), (Status::Paused, Some(redeliver())));
    run.stop("why".to_owned(), true, None);
    let stopped = handed_over(&run);
    assert_eq!((stopped.view().error.as_deref(), stopped.view().status), (Some("why"), Status::Stopped));
    run.rewind(at(2)).unwrap();
    let mut next = handed_over(&run);
    assert_eq!((next.next(), next.view().at.position), (Status::Following, 2));
}

#[test]
fn the_time_of_a_retry_is_handed_over_until_somebody_moves_the_subscription() {
    let mut run = run();
    run.followed(&Followed { at: FeedPosition::default(), retry_after_ms: Some(1), attempt: 3 });
    let later = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
    run.retries_at(Some(later));
    let mut next = handed_over(&run);
    assert_eq!((next.follow().retry_at, next.follow().attempt, next.next()), (Some(later), 3, Status::Retrying));
    next.rewind(at(2)).unwrap();
    next.next();
    assert_eq!(next.follow().retry_at, None);
}

#[test]
fn a_run_that_nobody_has_touched_hands_over_its_place_alone() {
    let follow = serde_json::to_value(run().handed_over()).unwrap();
    assert_eq!(follow, json!({"name": "n", "position": 7, "logid": "log", "hands_over": true}));
}

#[test]
fn a_log_that_continues_the_former_one_goes_on_at_the_same_place() {
    let mut run = run();
    run.stop("another log".to_owned(), true, None);
    run.resume(At { position: None, continues: Some(true) }).unwrap();
    let next = handed_over(&run).follow();
    assert_eq!(next.from, FeedPosition { position: 7, logid: None });
    assert_eq!(next.continues, [Continued { log: "log".to_owned(), up_to: 7 }]);
    // A rewind stays in the log. If the log is read as another one, the subscription forgets what came before.
    run.rewind(at(0)).unwrap();
    run.next();
    assert_eq!(run.follow().continues.len(), 1);
    run.stop("another log".to_owned(), true, Some(FeedPosition { position: 9, logid: Some("next".to_owned()) }));
    run.resume(at(0)).unwrap();
    assert!(run.follow().continues.is_empty());
}

#[test]
fn redeliveries_wait_up_to_a_number() {
    let mut run = run();
    let asked = || Redeliver { positions: vec![1], instance: None };
    for _ in 0..MOST_WAITING {
        run.redeliver(asked()).unwrap();
    }
    assert!(run.redeliver(asked()).is_err() && run.is_interrupted());
}

#[test]
fn instances_that_are_retried_show_while_the_turn_goes_on() {
    let mut run = run();
    let retrying = |value: Value| serde_json::from_value::<Vec<Retrying>>(value).unwrap();
    let one =
        || retrying(json!([{"id": "a", "position": 8, "since": "2026-01-01T00:00:00Z", "attempts": 3, "why": "no"}]));
    run.retry(one());
    assert!(run.view().retrying.is_empty(), "the turn that said so has ended");
    run.begin_turn();
    run.retry(one());
    assert_eq!((run.view().status, run.view().retrying), (Status::Retrying, one()));
    assert!(run.details().contains("a: since 2026-01-01T00:00:00+00:00 because no"), "{}", run.details());
    run.retry(Vec::new());
    assert_eq!((run.view().status, run.details().as_str()), (Status::Following, ""));
    run.retry(one());
    run.end_turn();
    assert_eq!((run.view().status, run.details().as_str()), (Status::Following, ""));
}
