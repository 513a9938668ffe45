//! The state that a run keeps from the run that it continues.

use process_manager::manager::{Metadata, Route};
use serde_json::{Value, json};
use temporalio_common::data_converters::PayloadConverter;

use super::*;

/// Handles nothing.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Idle;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Nothing {
    Happened,
}

impl ProcessManager for Idle {
    const NAME: &'static str = "Idle";
    type Event = Nothing;
    type Command = Nothing;
    type Error = std::convert::Infallible;

    fn route(_: &Nothing, _: &Metadata) -> Result<Route, Self::Error> {
        Ok(Route::Ignore)
    }
}

fn read(input: &Value) -> (Instance<Idle>, Acknowledge) {
    let input = RawValue::from_value(input, &PayloadConverter::serde_json());
    Begin::read("Idle-a", &input).unwrap()
}

#[test]
fn a_run_keeps_the_form_of_keys_with_which_its_instance_began() {
    let (old, acknowledgement) = read(&json!({"process_id": "a", "version": 1}));
    assert_eq!(old.keys(), KeyForm::Short);
    let next = serde_json::to_value(Begin::carrying(&old, &acknowledgement).unwrap()).unwrap();
    assert_eq!(read(&next).0.keys(), KeyForm::Short);
    let new = serde_json::to_value(Begin::new::<Idle>("a", Ledger::default())).unwrap();
    let (new, acknowledgement) = read(&new);
    assert_eq!(new.keys(), KeyForm::Full);
    let next = serde_json::to_value(Begin::carrying(&new, &acknowledgement).unwrap()).unwrap();
    assert_eq!(read(&next).0.keys(), KeyForm::Full);
}

#[test]
fn a_run_that_continues_an_ended_one_is_parked_and_its_own_successor_is_as_it_was() {
    let at = "2026-01-01T00:00:00Z";
    let ended = json!({"run_id": "r", "how": "the run has timed out", "at": at});
    let (instance, acknowledgement) = read(&json!({"process_id": "a", "version": 1, "ended": ended}));
    let failure = instance.parked().unwrap().clone();
    assert_eq!((failure.code.as_str(), failure.detail.as_str()), ("ended-from-outside", "the run has timed out"));
    let next = serde_json::to_value(Begin::carrying(&instance, &acknowledgement).unwrap()).unwrap();
    let (next, _) = read(&next);
    assert_eq!(next.parked(), Some(&failure));
}

#[test]
fn a_run_publishes_what_its_input_records() {
    let publishes = |input: &Value| Begin::publishes(&RawValue::from_value(input, &PayloadConverter::serde_json()));
    let old = json!({"process_id": "a", "version": 1});
    assert_eq!(publishes(&old), Publishes { outcome: false, subject: false });
    let newer = json!({"process_id": "a", "version": 1, "publishes_outcome": true});
    assert_eq!(publishes(&newer), Publishes { outcome: true, subject: false });
    let new = serde_json::to_value(Begin::new::<Idle>("a", Ledger::default())).unwrap();
    assert_eq!(publishes(&new), Publishes { outcome: true, subject: true });
    let (next, acknowledgement) = read(&newer);
    let next = serde_json::to_value(Begin::carrying(&next, &acknowledgement).unwrap()).unwrap();
    assert_eq!(publishes(&next), Publishes { outcome: true, subject: true }, "the next run");
}
