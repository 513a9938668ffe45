//! Reads what reaches a subscription's workflow from outside: nothing that operators send may fail a workflow task.

use process_manager_wire::Position;
use serde::Deserialize;
use serde_json::Value;
use temporalio_common::data_converters::RawValue;

use crate::{activities::Follow, signals};

/// Payload of the signals `resume` and `rewind`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) struct At {
    pub(super) position: Option<Position>,
}

/// The input of the workflow.
pub(super) fn read_input(raw: &RawValue) -> Result<Follow, String> {
    let [payload] = raw.payloads.as_slice() else { return Err("the input is missing".to_owned()) };
    serde_json::from_slice(&payload.data).map_err(|error| format!("the input cannot be used: {error}"))
}

/// No input, `null`, or an object whose `position` is a whole number from 0; anything else is not meant as a signal.
pub(super) fn read_at(raw: &RawValue) -> Result<At, &'static str> {
    if matches!(raw.payloads.as_slice(), [payload] if payload.data.is_empty()) {
        return Ok(At::default());
    }
    let object = Value::Object(signals::object(raw)?);
    let at: At = serde_json::from_value(object).map_err(|_| "position is not a whole number")?;
    if at.position.is_some_and(|position| position < 0) { Err("position is below 0") } else { Ok(at) }
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
        let at = |position| Ok(At { position });
        assert_eq!(read_at(&raw(&[])), at(None));
        for (payload, expected) in [
            (&b""[..], at(None)),
            (b"null", at(None)),
            (b"{}", at(None)),
            (b"{\"position\": null, \"note\": [1]}", at(None)),
            (b"{\"position\": 7}", at(Some(7))),
            (b"{\"position\": -1}", Err("position is below 0")),
            (b"{\"position\": \"7\"}", Err("position is not a whole number")),
            (b"{\"position\": 1.5}", Err("position is not a whole number")),
            (b"[7]", Err("not a JSON object")),
            (b"7", Err("not a JSON object")),
            (b"{", Err("not JSON")),
        ] {
            assert_eq!(read_at(&raw(&[payload])), expected, "{}", String::from_utf8_lossy(payload));
        }
        assert_eq!(read_at(&raw(&[b"{}", b"{}"])), Err("several payloads"));
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
