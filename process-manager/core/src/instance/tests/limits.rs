//! Each limit: up to it all is well. Beyond it the instance is parked before anything is lost or sent.

use serde_json::json;

use super::{
    super::*,
    script::{Answer, Changed, Script, Step, begun, carried, code, delivery, now, refuse, run, text},
};
use crate::{
    failure_code,
    limits::{CODE_CHARS, COMMAND_BYTES, DECISION_BYTES, DETAIL_CHARS, PENDING_BYTES, SNAPSHOT_BYTES, STATE_BYTES},
    manager::{Error, Refusal, RouteKind},
};

const STATE_AROUND: usize = r#"{"text":""}"#.len();
const COMMAND_AROUND: usize = r#"{"command":{"data":{"number":0,"padding":""},"type":"Do"}}"#.len();
/// A decision's command, with the value that is carried beside it.
const DECISION_AROUND: usize = r#"[[{"command":{"data":{"number":100,"padding":""},"type":"Do"}}],null]"#.len();
const CARRIED_AROUND: usize = r#"[[],""]"#.len();
/// A waiting command, with its number.
const PENDING_AROUND: usize = COMMAND_AROUND + "[[0,]]".len();

fn grows_to(bytes: usize) -> Step {
    Step { text: "x".to_owned(), times: bytes - STATE_AROUND, ..Step::default() }
}

#[test]
fn a_state_has_at_most_1_mib_and_a_larger_one_is_not_taken() {
    assert_eq!(STATE_BYTES, 1_048_576);
    let mut instance = begun(&grows_to(STATE_BYTES));
    assert_eq!(run(&mut instance), (vec![], Next::Wait(None)));
    instance.deliver(delivery(2, RouteKind::Start, &grows_to(STATE_BYTES + 1)));
    run(&mut instance);
    let failure = instance.parked().unwrap();
    assert_eq!(failure.code, failure_code::TOO_LARGE);
    assert_eq!(failure.detail, "the state is too large: 1048577 bytes, where at most 1048576 are possible");
    assert_eq!(text(&instance).as_str().unwrap().len(), STATE_BYTES - STATE_AROUND);
    assert!(carried::<_, Script>(&instance).1 <= SNAPSHOT_BYTES);
    // Code that keeps less can go on.
    let mut repaired = carried::<_, Changed>(&instance).0;
    assert_eq!(repaired.retry(None), Signalled::Counted);
    assert_eq!(run(&mut repaired), (vec![], Next::Wait(None)));
    assert_eq!((text(&repaired), repaired.ledger().has_handled("log", 2)), (json!("x"), true));
}

#[test]
fn a_command_has_at_most_1_5_mib_and_beyond_it_none_of_the_event_is_sent() {
    assert_eq!(COMMAND_BYTES, 1_572_864);
    let fits = COMMAND_BYTES - COMMAND_AROUND;
    let mut instance = begun(&Step { commands: vec![1, fits], ..Step::default() });
    assert_eq!(run(&mut instance).0, [0, 1]);
    let mut instance = begun(&Step { commands: vec![1, fits + 1], ..Step::default() });
    assert_eq!(run(&mut instance), (vec![], Next::Wait(None)));
    let failure = instance.parked().unwrap();
    assert_eq!(failure.code, failure_code::TOO_LARGE);
    assert_eq!(failure.detail, "command Do is too large: 1572865 bytes, where at most 1572864 are possible");
    // Code that sends less can go on.
    let mut repaired = carried::<_, Changed>(&instance).0;
    repaired.retry(None);
    assert_eq!(run(&mut repaired), (vec![0, 1], Next::Wait(None)));
}

#[test]
fn the_process_manager_decides_about_what_is_too_large() {
    let step = Step { commands: vec![COMMAND_BYTES], answer: Answer::SkipEvent, ..Step::default() };
    let mut instance = begun(&step);
    assert_eq!(run(&mut instance), (vec![], Next::Wait(None)));
    assert!(instance.parked().is_none() && instance.ledger().has_handled("log", 1));
}

#[test]
fn ten_thousand_commands_are_handed_over_by_their_event_alone() {
    let step = Step { commands: vec![300; 10_000], times: 1, text: "done".to_owned(), ..Step::default() };
    let mut instance = begun(&step);
    let mut sent = Vec::new();
    for _ in 0..3 {
        for _ in 0..2_500 {
            let Next::Dispatch(dispatch) = instance.advance(now()) else { panic!("{:?}", instance.view()) };
            sent.push(dispatch.idempotency_key);
            instance.answered(Ok(()), now());
        }
        let (next, bytes) = carried::<_, Script>(&instance);
        assert!(bytes < PENDING_BYTES, "{bytes} bytes");
        instance = next;
    }
    let keys: Vec<_> = (0..7_500).map(|number| format!("Script/a/log/e1/{number}")).collect();
    assert_eq!(sent, keys);
    assert_eq!(run(&mut instance), ((7_500..10_000).collect(), Next::Wait(None)));
    assert_eq!(text(&instance), json!("done"));
}

#[test]
fn commands_that_wait_are_handed_over_up_to_256_kib_and_beyond_it_by_their_event() {
    assert_eq!(PENDING_BYTES, 262_144);
    let fits = PENDING_BYTES - PENDING_AROUND;
    for (bytes, waits) in [(fits, 1), (fits + 1, 0)] {
        let mut instance = begun(&Step { commands: vec![bytes], ..Step::default() });
        let Next::Dispatch(_) = instance.advance(now()) else { panic!("{:?}", instance.view()) };
        let handed_over = json!(instance.snapshot().unwrap());
        assert_eq!(handed_over["work"]["pending"].as_array().unwrap().len(), waits, "{bytes} bytes");
        assert_eq!(run(&mut carried::<_, Script>(&instance).0), (vec![0], Next::Wait(None)));
    }
}

#[test]
fn commands_that_handle_no_longer_returns_park_the_instance_until_it_returns_them_again() {
    let step = Step { commands: vec![PENDING_BYTES; 3], ..Step::default() };
    let mut instance = begun(&step);
    let Next::Dispatch(_) = instance.advance(now()) else { panic!("{:?}", instance.view()) };
    instance.answered(Ok(()), now());
    let mut changed = carried::<_, Changed>(&instance).0;
    assert_eq!(run(&mut changed), (vec![], Next::Wait(None)));
    assert_eq!(code(&changed), failure_code::COMMANDS_CHANGED);
    let mut again = carried::<_, Script>(&changed).0;
    again.retry(None);
    assert_eq!(run(&mut again), (vec![1, 2], Next::Wait(None)));
}

#[test]
fn a_decision_gives_at_most_256_kib() {
    assert_eq!(DECISION_BYTES, 262_144);
    for (answer, fits) in [
        (Answer::Replace(DECISION_BYTES - DECISION_AROUND), true),
        (Answer::Replace(DECISION_BYTES - DECISION_AROUND + 1), false),
        (Answer::Carry(DECISION_BYTES - CARRIED_AROUND), true),
        (Answer::Carry(DECISION_BYTES - CARRIED_AROUND + 1), false),
    ] {
        let mut instance = begun(&Step { commands: vec![1], answer, ..Step::default() });
        instance.advance(now());
        refuse(&mut instance, "no".to_owned(), now());
        assert_eq!(code(&instance), if fits { "" } else { failure_code::TOO_LARGE }, "{answer:?}");
    }
}

#[test]
fn a_large_event_in_hand_is_handed_over_by_its_place_and_read_again() {
    let step = Step { commands: vec![1], text: "x".repeat(2_096_000), ..Step::default() };
    let mut instance = begun(&step);
    instance.advance(now());
    refuse(&mut instance, "no".to_owned(), now());
    let (mut next, bytes) = carried::<_, Script>(&instance);
    assert!(bytes < 10_000, "{bytes} bytes");
    assert_eq!((next.view().event.as_deref(), next.advance(now())), (Some("Happened"), Next::Wait(None)));
    next.retry(None);
    let fetch = Next::Fetch(Fetch { log: "log".to_owned(), positions: vec![1] });
    assert_eq!(next.advance(now()), fetch);
    next.fetched(Err("the log is gone".to_owned()), now());
    assert_eq!(code(&next), failure_code::UNREADABLE);
    let mut next = carried::<_, Script>(&next).0;
    next.retry(None);
    assert_eq!(next.advance(now()), fetch);
    next.fetched(Ok(vec![delivery(1, RouteKind::Start, &step).event]), now());
    assert_eq!(run(&mut next), (vec![0], Next::Wait(None)));
}

#[test]
fn an_explanation_has_at_most_2000_characters() {
    assert_eq!(DETAIL_CHARS, 2_000);
    let mut instance = begun(&Step { commands: vec![1], ..Step::default() });
    instance.advance(now());
    refuse(&mut instance, "ü".repeat(3_000_000), now());
    let failure = instance.parked().unwrap();
    assert_eq!(failure.detail.chars().count(), DETAIL_CHARS);
    assert_eq!(failure.refusal.as_ref().unwrap().detail.chars().count(), DETAIL_CHARS);
}

#[test]
fn a_refusals_code_has_at_most_200_characters() {
    for (length, last) in [(CODE_CHARS, 'ü'), (CODE_CHARS + 1, '…')] {
        let mut instance = begun(&Step { commands: vec![1], ..Step::default() });
        instance.advance(now());
        let refusal = Refusal { code: "ü".repeat(length), detail: "no".to_owned() };
        instance.answered(Err(Error::Refused(refusal)), now());
        let failure = instance.parked().unwrap();
        for code in [&failure.code, &failure.refusal.as_ref().unwrap().code] {
            assert_eq!((code.chars().count(), code.chars().last()), (200, Some(last)));
        }
    }
}

/// Runs that began before there were limits, and what they were handed.
#[test]
fn an_instance_that_cannot_be_handed_over_is_kept_and_parked() {
    let mut instance = begun(&grows_to(SNAPSHOT_BYTES)).with_revision(0);
    assert_eq!(run(&mut instance), (vec![], Next::Wait(None)));
    assert!(instance.parked().is_none());
    let error = instance.snapshot().unwrap_err();
    instance.keep(Some(&error), now());
    assert_eq!(code(&instance), failure_code::TOO_LARGE);
    assert!(instance.parked().unwrap().detail.contains("cannot be handed over"));
    // The failure stays the same.
    instance.keep(Some(&error), now());
    assert_eq!(instance.parked().unwrap().failure_id, "a/1");
}
