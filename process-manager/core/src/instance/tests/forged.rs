//! Snapshots that no run of ours hands over: anyone who may start a workflow can make one up.

use serde_json::{Value, json};

use super::{
    super::*,
    script::{Command, Script, Step, begun, code, now, run},
};
use crate::failure_code;

/// The snapshot of an instance with two commands to send, as JSON.
fn snapshot() -> Value {
    let mut instance = begun(&Step { commands: vec![1, 1], ..Step::default() });
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
