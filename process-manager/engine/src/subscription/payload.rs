//! Reads what reaches a subscription's workflow from outside: nothing that operators send may fail a workflow task.

use process_manager_wire::Position;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use temporalio_common::data_converters::RawValue;

use super::Retrying;
use crate::{
    activities::{Follow, Redeliver},
    signals,
};

/// Maximum number of events that one signal redelivers.
pub(super) const MOST_REDELIVERED: usize = 1_000;

/// The payload of the signals `resume` and `rewind`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) struct At {
    pub(super) position: Option<Position>,
    /// Whether the current log continues the one that was followed, up to the position.
    #[serde(default)]
    pub(super) continues: Option<bool>,
}

/// The payload of the signal `retrying`, which the reader of the log sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AreRetried {
    pub(super) instances: Vec<Retrying>,
}

/// Reads the input of the workflow.
pub(super) fn read_input(raw: &RawValue) -> Result<Follow, String> {
    let [payload] = raw.payloads.as_slice() else { return Err("the input is missing".to_owned()) };
    serde_json::from_slice(&payload.data).map_err(|error| format!("the input cannot be used: {error}"))
}

/// Reads no input, `null`, or an object whose `position` is a whole number from 0; anything else is not meant as a
/// signal.
pub(super) fn read_at(raw: &RawValue) -> Result<At, &'static str> {
    if matches!(raw.payloads.as_slice(), [payload] if payload.data.is_empty()) {
        return Ok(At::default());
    }
    let at: At = read(raw, "position is not a whole number, or continues is not true or false")?;
    if at.position.is_some_and(|position| position < 0) { Err("position is below 0") } else { Ok(at) }
}

/// Returns whether a subscription is paused after a signal; `None` if the signal does not affect that.
#[must_use]
pub fn is_paused_by(signal: &str, input: &RawValue) -> Option<bool> {
    let resumes = match (signal, read_at(input)) {
        ("pause", _) => return Some(true),
        ("resume", Ok(_)) => true,
        ("rewind", Ok(at)) => at.position.is_some(),
        _ => false,
    };
    resumes.then_some(false)
}

/// Reads an object with a list of positions, none of them below 1, and the id of an instance or none. It is public only
/// for the fuzz targets.
///
/// # Errors
/// The reason why the payload asks for nothing.
pub fn read_redeliver(raw: &RawValue) -> Result<Redeliver, &'static str> {
    let mut asked: Redeliver = read(raw, "positions is not a list of whole numbers, or instance is not a text")?;
    asked.positions.sort_unstable();
    asked.positions.dedup();
    match asked.positions.as_slice() {
        [] => Err("there are no positions"),
        [first, ..] if *first < 1 => Err("a position is below 1"),
        positions if positions.len() > MOST_REDELIVERED => Err("there are more than 1,000 positions"),
        _ => Ok(asked),
    }
}

/// Reads the instances to which deliveries are being retried.
pub(super) fn read_retrying(raw: &RawValue) -> Result<Vec<Retrying>, &'static str> {
    read::<AreRetried>(raw, "it names no instances").map(|retried| retried.instances)
}

fn read<T: DeserializeOwned>(raw: &RawValue, wrong: &'static str) -> Result<T, &'static str> {
    serde_json::from_value(Value::Object(signals::object(raw)?)).map_err(|_| wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::temporal::api::common::v1::Payload;

    use super::*;

    fn raw(values: &[&[u8]]) -> RawValue {
        RawValue::new(values.iter().map(|data| Payload { data: data.to_vec(), ..Payload::default() }).collect())
    }

    #[test]
    fn only_what_is_meant_as_a_position_is_one() {
        let at = |position| Ok(At { position, continues: None });
        let wrong = "position is not a whole number, or continues is not true or false";
        assert_eq!(read_at(&raw(&[])), at(None));
        for (payload, expected) in [
            (&b""[..], at(None)),
            (b"null", at(None)),
            (b"{}", at(None)),
            (b"{\"position\": null, \"note\": [1]}", at(None)),
            (b"{\"position\": 7}", at(Some(7))),
            (b"{\"position\": 7, \"continues\": true}", Ok(At { position: Some(7), continues: Some(true) })),
            (b"{\"continues\": \"yes\"}", Err(wrong)),
            (b"{\"position\": -1}", Err("position is below 0")),
            (b"{\"position\": \"7\"}", Err(wrong)),
            (b"{\"position\": 1.5}", Err(wrong)),
            (b"[7]", Err("not a JSON object")),
            (b"7", Err("not a JSON object")),
            (b"{", Err("not JSON")),
        ] {
            assert_eq!(read_at(&raw(&[payload])), expected, "{}", String::from_utf8_lossy(payload));
        }
        assert_eq!(read_at(&raw(&[b"{}", b"{}"])), Err("several payloads"));
    }

    #[test]
    fn a_signal_that_is_ignored_changes_nothing_about_a_pause() {
        let paused = |signal, payload: &[u8]| is_paused_by(signal, &raw(&[payload]));
        assert_eq!((paused("pause", b"7"), paused("resume", b"{}")), (Some(true), Some(false)));
        assert_eq!((paused("resume", b"7"), paused("rewind", b"{}"), paused("retrying", b"{}")), (None, None, None));
        assert_eq!(paused("rewind", b"{\"position\": 0}"), Some(false));
    }

    #[test]
    fn only_a_list_of_positions_redelivers() {
        let read = |value: Value| read_redeliver(&raw(&[value.to_string().as_bytes()]));
        let asked = |positions: &[Position], instance: Option<&str>| {
            Ok(Redeliver { positions: positions.to_vec(), instance: instance.map(str::to_owned) })
        };
        assert_eq!(read(json!({"positions": [8, 5, 8], "note": 1})), asked(&[5, 8], None));
        assert_eq!(read(json!({"positions": [5], "instance": "a"})), asked(&[5], Some("a")));
        for wrong in [json!({}), json!(null), json!({"positions": 5}), json!({"positions": []})] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(read(json!({"positions": [0, 1]})), Err("a position is below 1"));
        let many = |count: Position| (1..=count).collect::<Vec<_>>();
        assert_eq!(read(json!({"positions": many(1_000)})), asked(&many(1_000), None));
        assert_eq!(read(json!({"positions": many(1_001)})), Err("there are more than 1,000 positions"));
    }

    #[test]
    fn the_input_is_a_name_and_a_position() {
        let follow = read_input(&raw(&[b"{\"name\": \"n\", \"position\": 3, \"logid\": \"l\", \"more\": 1}"])).unwrap();
        assert_eq!(serde_json::to_value(follow).unwrap(), json!({"name": "n", "position": 3, "logid": "l"}));
        for bad in [&b"[]"[..], b"{}", b"", b"{\"name\": 1, \"position\": 0}"] {
            assert!(read_input(&raw(&[bad])).is_err());
        }
        assert!(read_input(&raw(&[])).is_err());
    }
}
