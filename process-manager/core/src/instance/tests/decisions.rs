//! Strict checks, an operator's retry, and decisions that fail repeatedly.

use std::time::Duration;

use super::{
    super::*,
    script::{Answer, Script, Step, begun, carried, code, delivery, now, refuse, run},
};
use crate::{failure_code, manager::RouteKind};

/// Returns an event that can fail only in its check.
fn plain(answer: Answer) -> Step {
    Step { answer, ..Step::default() }
}

fn strict(answer: Answer) -> Step {
    Step { commands: vec![1], answer, ..Step::default() }
}

/// Returns an instance parked at its start, with a stop behind it, and a strict continuation behind the stop.
fn parked_before_a_stop(answer: Answer) -> Instance<Script> {
    let mut instance = begun(&Step { commands: vec![1], ..Step::default() });
    instance.advance(now());
    refuse(&mut instance, "no".to_owned(), now());
    instance.deliver(delivery(2, RouteKind::Stop, &plain(Answer::Stop)));
    instance.deliver(delivery(3, RouteKind::ContinueStrict, &strict(answer)));
    instance.retry(None);
    instance
}

#[test]
fn a_strict_continuation_that_is_skipped_starts_nothing() {
    let mut instance = parked_before_a_stop(Answer::SkipEvent);
    instance.deliver(delivery(4, RouteKind::ContinueStrict, &strict(Answer::Stop)));
    assert_eq!(run(&mut instance).0, [0]);
    let failure = instance.parked().unwrap();
    assert_eq!((failure.code.as_str(), failure.position), (failure_code::NOT_STARTED, 4));
    instance.acknowledge(None);
    assert_eq!(instance.advance(now()), Next::End(Ended::Acknowledged));
    // Alone, it leaves the end as it was.
    let mut instance = parked_before_a_stop(Answer::SkipEvent);
    assert_eq!(run(&mut instance), (vec![0], Next::End(Ended::Stopped)));
}

#[test]
fn a_strict_check_is_repeated_by_a_retry() {
    let mut instance = parked_before_a_stop(Answer::Stop);
    run(&mut instance);
    for failure in ["a/2", "a/3"] {
        assert_eq!(code(&instance), failure_code::NOT_STARTED);
        assert_eq!(instance.parked().unwrap().failure_id, failure);
        instance = carried::<_, Script>(&instance).0;
        assert_eq!(instance.retry(None), Signalled::Counted);
        assert_eq!(run(&mut instance).0, [0; 0]);
    }
    let mut instance = begun(&plain(Answer::Stop));
    instance.deliver(delivery(2, RouteKind::StartStrict, &strict(Answer::ThreeTimes)));
    assert_eq!(run(&mut instance).0, [0; 0], "its own retries check again as well");
    assert_eq!((code(&instance), instance.parked().unwrap().attempts), (failure_code::ALREADY_STARTED, 3));
    instance.retry(None);
    assert_eq!(run(&mut instance).0, [0; 0]);
    assert_eq!(code(&instance), failure_code::ALREADY_STARTED);
}

#[test]
fn an_operators_retry_begins_to_count_again() {
    let mut instance = begun(&strict(Answer::ThreeTimes));
    for failure in ["a/1", "a/2"] {
        let mut sent = 0;
        while let Next::Dispatch(_) = instance.advance(now()) {
            sent += 1;
            refuse(&mut instance, "no".to_owned(), now());
        }
        assert_eq!((sent, instance.parked().unwrap().failure_id.as_str()), (3, failure));
        instance.retry(None);
    }
}

/// Refuses each command, this many times; returns the pauses in between.
fn refused(instance: &mut Instance<Script>, times: usize) -> (Vec<Duration>, DateTime<Utc>) {
    let (mut time, mut pauses) = (now(), Vec::new());
    for _ in 0..times {
        while let Next::WaitUntil(until) = instance.advance(time) {
            pauses.push((until - time).to_std().unwrap());
            time = until;
        }
        refuse(instance, "still no".to_owned(), time);
    }
    (pauses, time)
}

#[test]
fn other_commands_that_are_refused_again_and_again_get_a_pause_and_show_as_an_incident() {
    // The sixth decision of a kind gets the first pause.
    for (times, pauses) in [(6, &[][..]), (8, &[200, 400])] {
        for answer in [Answer::Replace(1), Answer::Carry(1)] {
            let refused = refused(&mut begun(&strict(answer)), times).0;
            assert_eq!(refused, pauses.iter().copied().map(Duration::from_millis).collect::<Vec<_>>(), "{answer:?}");
        }
    }
    let mut instance = begun(&strict(Answer::Replace(1)));
    refused(&mut instance, 8);
    assert!(instance.view().stalled.is_none(), "it has failed for 0.6 s");
    let (pauses, time) = refused(&mut instance, 10);
    assert_eq!(pauses.last(), Some(&Duration::from_secs(30)));
    let view = instance.view();
    let stalled = view.stalled.unwrap();
    assert_eq!((view.status, stalled.command.as_str(), stalled.since), (Status::Retrying, "Do", now()));
    assert!(stalled.detail.ends_with("it failed with: refused (no): still no"), "{}", stalled.detail);
    let again = time + chrono::TimeDelta::seconds(30);
    assert!(matches!(instance.advance(again), Next::Dispatch(_)));
    instance.answered(Ok(()), again);
    assert_eq!((instance.view().stalled, instance.advance(again)), (None, Next::Wait(None)));
}

#[test]
fn a_run_that_began_under_older_rules_keeps_to_them() {
    let mut instance = parked_before_a_stop(Answer::SkipEvent).with_revision(0);
    instance.deliver(delivery(4, RouteKind::ContinueStrict, &plain(Answer::Stop)));
    assert_eq!(run(&mut instance), (vec![0], Next::Wait(None)));
    let mut instance = begun(&strict(Answer::Replace(1))).with_revision(0);
    assert_eq!(refused(&mut instance, 20).0, []);
    assert!(instance.view().stalled.is_none());
}
