//! Snapshots that no run of ours hands over: anyone who may start a workflow can forge one.

use serde_json::{Value, json};

use super::{
    super::*,
    script::{Answer, Command, Script, Step, begun, code, now, run},
};
use crate::{
    failure_code,
    manager::{Error, Refusal},
};

/// Returns the snapshot of an instance with two commands to send, as JSON.
fn snapshot() -> Value {
    snapshot_of(Answer::Stop)
}

fn snapshot_of(answer: Answer) -> Value {
    let mut instance = begun(&Step { commands: vec![1, 1], answer, ..Step::default() });
    assert!(matches!(instance.advance(now()), Next::Dispatch(_)));
    serde_json::to_value(instance.snapshot().unwrap()).unwrap()
}

fn resumed(snapshot: Value) -> Instance<Script> {
    Instance::resume("a", 1, serde_json::from_value(snapshot).unwrap()).unwrap()
}

#[test]
fn commands_that_were_left_behind_nowhere_park_the_instance() {
    let mut snapshot = snapshot();
    snapshot["work"]["phase"] = json!("recalling");
    let mut instance = resumed(snapshot);
    assert_eq!(run(&mut instance), (Vec::new(), Next::<Command>::Wait(None)));
    assert_eq!(code(&instance), failure_code::COMMANDS_CHANGED);
}

#[test]
fn events_of_no_position_are_refused() {
    let mut snapshot = snapshot();
    snapshot["inbox"] = json!([{"spilled": {"log": "log", "kind": "continue", "positions": []}}]);
    let error = serde_json::from_value::<Snapshot>(snapshot).unwrap_err().to_string();
    assert!(error.contains("at least one position"), "{error}");
}

#[test]
fn counters_that_are_at_their_end_stop_nothing() {
    let mut snapshot = snapshot_of(Answer::Replace(1));
    snapshot["handled_events"] = json!(u64::MAX);
    snapshot["failures"] = json!(u32::MAX);
    for field in ["attempts", "next_number"] {
        snapshot["work"][field] = json!(u32::MAX);
    }
    let mut instance = resumed(snapshot);
    instance.answered(Err(Error::Refused(Refusal { code: "no".to_owned(), detail: "no".to_owned() })), now());
    let Next::Dispatch(dispatch) = instance.advance(now()) else { panic!("the command that replaces it is sent") };
    assert!(dispatch.idempotency_key.ends_with(&format!("/{}", u32::MAX)), "{}", dispatch.idempotency_key);
    instance.answered(Ok(()), now());
    assert_eq!(instance.advance(now()), Next::Wait(None));
    assert_eq!(instance.view().handled_events, u64::MAX);
    instance.ended_from_outside("the run was terminated", now());
    assert_eq!(instance.parked().unwrap().failure_id, "a/0");
}

#[test]
fn an_answer_that_cannot_be_counted_is_not_lost_in_silence() {
    let mut snapshot = snapshot();
    snapshot["ledger"]["answers"] = json!({"accepted": i64::MAX, "handled": i64::MAX});
    let mut instance = resumed(snapshot);
    assert!(matches!(instance.advance(now()), Next::Dispatch(_)));
    instance.answered_with("Happened", json!({}), now());
    let failure = instance.parked().unwrap();
    assert!(failure.detail.contains("more answers cannot be counted"), "{}", failure.detail);
}
